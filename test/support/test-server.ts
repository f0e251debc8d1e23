import { signAccessToken } from "../../src/auth/access-token.ts";
import { pushScope, readScope } from "../../src/auth/scopes.ts";
import { loadSigningKey } from "../../src/auth/signing-key.ts";
import {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingProtocol,
} from "../../src/client/index.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/server.ts";
import { makeDirectory, removeDirectory } from "./data-directory.ts";
import { createTestClock, type TestClock } from "./test-clock.ts";

/** The operator that tests act for unless said otherwise. */
export const parent = "operators/65001";

/** Every protocol of the API, for `describe.each`. */
export const protocols: readonly PlanSharingProtocol[] = ["connect", "grpc", "grpc-web", "rest"];

export type TokenInit = { asns?: readonly number[]; scopes?: readonly string[]; lifetimeSeconds?: number };

/** A real server on a free port, with a data directory of its own and a clock that the test sets. */
export type TestServer = {
  readonly url: string;
  readonly port: number;
  /** Where metrics and readiness are, if the server was told to have them. */
  readonly adminUrl: string;
  readonly running: RunningServer;
  readonly directory: string;
  readonly clock: TestClock;
  /** A token of this server that may do everything for operators 65001 and 65002, for ten years. */
  readonly token: string;
  /** What the server took for its own mistakes: nothing that a caller sends may add to it. */
  readonly failures: unknown[];
  /** Makes a token of this server, with some powers changed. */
  makeToken(init?: TokenInit): Promise<string>;
  /** A client with the given token, or with one that may do everything. It repeats nothing: tests see each answer. */
  client(protocol: PlanSharingProtocol, token?: string): PlanSharingClient;
  /** Stops the server and leaves its data. */
  stop(): Promise<void>;
  /** Stops the server and removes its data. */
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestServerOptions = Partial<Omit<ServerOptions, "clock" | "logFailure" | "dataDirectory">> & {
  clock?: TestClock;
  /** Data of a server that ran before. Defaults to an empty directory. */
  directory?: string;
};

const tenYears = 10 * 365 * 24 * 3600;

/** Starts a server. Use it with `await using`, or dispose of it in `afterAll`. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { clock = createTestClock(), directory = await makeDirectory(), ...rest } = options;
  const failures: unknown[] = [];
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    ...rest,
    // That the machine of a test is slow is no reason to refuse calls.
    limits: { maxEventLoopDelayMs: 0, ...rest.limits },
    dataDirectory: directory,
    clock,
    logFailure: (cause) => failures.push(cause),
  });
  const key = await loadSigningKey(directory);
  const makeToken = (init: TokenInit = {}) =>
    signAccessToken(
      key,
      {
        account: "test",
        asns: init.asns ?? [65001, 65002],
        scopes: init.scopes ?? [pushScope, readScope],
        lifetimeSeconds: init.lifetimeSeconds ?? tenYears,
      },
      clock,
    );
  const token = await makeToken();
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    adminUrl: server.adminUrl ?? "",
    running: server,
    directory,
    clock,
    token,
    failures,
    makeToken,
    client: (protocol, own = token) =>
      createPlanSharingClient({ endpoint: server.url, protocol, token: own, retry: false }),
    stop: () => server.close(),
    async [Symbol.asyncDispose]() {
      await server.close();
      await removeDirectory(directory);
    },
  };
}

let users = 0;

/** Returns a user key that no other test of the file has. */
export function freshKey(): string {
  users += 1;
  return `user-${users}`;
}
