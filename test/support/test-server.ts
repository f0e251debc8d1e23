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

/** The operator of tests, by default. */
export const parent = "operators/65001";

/** Every protocol of the API, for `describe.each`. */
export const protocols: readonly PlanSharingProtocol[] = ["connect", "grpc", "grpc-web", "rest"];

export type TokenInit = { asns?: readonly number[]; scopes?: readonly string[]; lifetimeSeconds?: number };

/** A real server on a free port, with its own data directory and a clock that the test sets. */
export type TestServer = {
  readonly url: string;
  readonly port: number;
  /** URL of the admin port; empty without one. */
  readonly adminUrl: string;
  readonly running: RunningServer;
  readonly directory: string;
  readonly clock: TestClock;
  /** A token of this server with all scopes for operators 65001 and 65002, for ten years. */
  readonly token: string;
  /** Unexpected errors of the server: no request may add to them. */
  readonly failures: unknown[];
  /** Creates a token of this server, with other operators, scopes or lifetime. */
  makeToken(init?: TokenInit): Promise<string>;
  /** Creates a client with the given token, or `token`. It does not retry: tests see each response. */
  client(protocol: PlanSharingProtocol, token?: string): PlanSharingClient;
  /** Stops the server and keeps its data. */
  stop(): Promise<void>;
  /** Stops the server and removes its data. */
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestServerOptions = Partial<Omit<ServerOptions, "clock" | "logFailure" | "dataDirectory">> & {
  clock?: TestClock;
  /** Data directory of a previous server. Defaults to an empty one. */
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
    // A slow test machine must not cause SERVER_OVERLOADED.
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

/** Returns a user key that is unique in the file. */
export function freshKey(): string {
  users += 1;
  return `user-${users}`;
}
