import type { ServiceImpl } from "@connectrpc/connect";
import type { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";

type Service = ServiceImpl<typeof EmulatorService>;

/** The implementation of some methods of EmulatorService. */
export type EmulatorMethods<Name extends keyof Service> = Pick<Service, Name>;
