import { type Client, createClient } from "@connectrpc/connect";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingProtocol,
} from "../../../src/client/index.ts";
import { createTransport } from "../../../src/client/transport.ts";
import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from "../../../src/emulator/start-emulator.ts";
import { makeDirectory, removeDirectory } from "../data-directory.ts";
import { parent } from "../test-server.ts";

/** A real emulator on a free port, with its own data directory. */
export type TestEmulator = RunningEmulator & {
  readonly port: number;
  readonly directory: string;
  /** Unexpected errors: no request may add to them. */
  readonly failures: unknown[];
  /** Creates a client that controls the emulator. */
  control(protocol: PlanSharingProtocol): Client<typeof EmulatorService>;
  /** Sends a request below `/emulator/v1/`, and returns the status and the parsed answer. */
  rest(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Creates a token for operator 65001 with all scopes, for a year from the emulated time on. */
  token(): Promise<string>;
  /** Creates a client of the API. It does not retry. */
  client(protocol: PlanSharingProtocol, token: string): PlanSharingClient;
  /** Stops the emulator and removes its data. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts an emulator. Use it with `await using`, or dispose of it in `afterAll`. */
export async function startTestEmulator(options: Partial<EmulatorOptions> = {}): Promise<TestEmulator> {
  const directory = await makeDirectory();
  const failures: unknown[] = [];
  const emulator = await startEmulator({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: directory,
    ...options,
    // A slow test machine must not cause SERVER_OVERLOADED.
    limits: { maxEventLoopDelayMs: 0, ...options.limits },
    logFailure: (cause) => failures.push(cause),
  });
  const { url } = emulator;
  const control = (protocol: PlanSharingProtocol) =>
    createClient(
      EmulatorService,
      createTransport({ baseUrl: url, protocol, ca: undefined, defaultTimeoutMs: 30_000, interceptors: [] }),
    );
  return {
    ...emulator,
    port: Number(new URL(emulator.url).port),
    directory,
    failures,
    control,
    async rest(method, path, body) {
      const response = await fetch(`${url}/emulator/v1/${path}`, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      return { status: response.status, body: await response.json() };
    },
    async token() {
      const lifetime = { seconds: 365n * 86_400n };
      return (await control("connect").createToken({ operators: [parent], lifetime })).accessToken;
    },
    client: (protocol, token) => createPlanSharingClient({ endpoint: url, protocol, token, retry: false }),
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await removeDirectory(directory);
    },
  };
}
