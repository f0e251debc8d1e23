import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";

/** The emulator that serves this page. */
export const emulator = createClient(
  EmulatorService,
  createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true }),
);
