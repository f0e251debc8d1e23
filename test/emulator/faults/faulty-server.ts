import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
  type Fault,
  FaultSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { createEmulatorExtension } from "../../../src/emulator/emulator-extension.ts";
import { createEmulatorState, type EmulatorState } from "../../../src/emulator/emulator-state.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../../support/test-server.ts";

/** A server with the faults of an emulator. */
export type FaultyServer = TestServer & {
  readonly state: EmulatorState;
  /** Adds a fault, written as JSON. */
  inject(fault: JsonValue): Fault;
};

/** Starts a server with the faults of an emulator. */
export async function startFaultyServer(options: TestServerOptions = {}): Promise<FaultyServer> {
  const state = createEmulatorState();
  const server = await startTestServer({ ...options, extension: createEmulatorExtension(state) });
  return { ...server, state, inject: (fault) => state.faults.add(fromJson(FaultSchema, fault)) };
}
