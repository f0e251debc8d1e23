import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
  type Fault,
  FaultSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { createEmulatorExtension } from "../../../src/emulator/emulator-extension.ts";
import { createEmulatorState, type EmulatorState } from "../../../src/emulator/emulator-state.ts";
import type { ServerExtension } from "../../../src/server/server-extension.ts";
import type { CallSummary } from "../../../src/server/telemetry/call-summary.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../../support/test-server.ts";

/** A server with the faults of an emulator. */
export type FaultyServer = TestServer & {
  readonly state: EmulatorState;
  /** The calls that have ended. */
  readonly ended: readonly CallSummary[];
  /** Calls the method Reset. */
  reset(): Promise<unknown>;
  /** Adds a fault, written as JSON. */
  inject(fault: JsonValue): Fault;
};

/** Starts a server with the faults of an emulator. */
export async function startFaultyServer(options: TestServerOptions = {}): Promise<FaultyServer> {
  const state = createEmulatorState();
  const emulator = createEmulatorExtension(state);
  const ended: CallSummary[] = [];
  const extension: ServerExtension = {
    async connect(parts) {
      const hooks = await emulator.connect(parts);
      return {
        ...hooks,
        ended(summary) {
          hooks.ended(summary);
          ended.push(summary);
        },
      };
    },
  };
  const server = await startTestServer({ ...options, extension });
  return {
    ...server,
    state,
    ended,
    reset: () => fetch(`${server.url}/emulator/v1:reset`, { method: "POST" }).then((answer) => answer.json()),
    inject: (fault) => state.faults.add(fromJson(FaultSchema, fault)),
  };
}
