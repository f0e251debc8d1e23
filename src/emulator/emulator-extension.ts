import { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { ServerExtension } from "../server/server-extension.ts";
import { createEmulatorService } from "./emulator-service.ts";
import type { EmulatorState } from "./emulator-state.ts";
import { beginExchange } from "./journal/exchange.ts";

/** Makes a server an emulator: it gets EmulatorService, and its calls are recorded and may go wrong. */
export function createEmulatorExtension(state: EmulatorState): ServerExtension {
  return {
    connect(parts) {
      return {
        services: [{ service: EmulatorService, implementation: createEmulatorService(state, parts) }],
        received(request, response, call) {
          beginExchange(call, { request, response, receivedAtMs: parts.clock.now() });
          return true;
        },
        around: (_, call) => call,
        ended() {},
      };
    },
  };
}
