import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { unknownScenario } from "../emulator/scenarios/built-in/index.ts";
import { builtInSource, type NamedSource, textSource } from "../emulator/scenarios/named-source.ts";
import type { EmulatorStart } from "../emulator/scenarios/scenario-loader.ts";
import { startEmulator } from "../emulator/start-emulator.ts";
import { operatorOf, requireKnownProperties, timeOf } from "./check-arguments.ts";
import { createControl, defaultOperator, type EmulatorControl, requireScenario } from "./emulator-control.ts";

export type TestServerOptions = {
  /** Time of the start, at which the clock stands still until it is advanced. Defaults to the clock of the machine. */
  now?: Date | string | undefined;
  /**
   * What it has after its start and after each reset: a scenario that is built in, such as `subscribers`, or the text of a
   * file. Defaults to nothing.
   */
  scenario?: string | { text: string } | undefined;
  /** ASN of the operator whose tokens `token()` creates. Defaults to 65001. */
  operator?: number | undefined;
  /** Accepts any access token, or none. Defaults to false. */
  anyToken?: boolean | undefined;
};

/** An emulator that runs in the process of the tests. */
export type TestServer = EmulatorControl & {
  /** Stops it. May be called more than once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts an emulator in this process, on a free port, with its records in memory. Works in any test runner.
 *
 * ```ts
 * const server = await startTestServer({ now: "2026-12-01T12:00:00Z" });
 * const client = createPlanSharingClient({ endpoint: server.url, token: await server.token() });
 * // Push, then look at what arrived:
 * const [call] = await server.calls();
 * await server.close();
 * ```
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  requireKnownProperties("the options of a test server", options, properties);
  const { now, scenario, operator = defaultOperator, anyToken } = options;
  const start: EmulatorStart = {
    parent: operatorOf("operator", operator),
    clock: now === undefined ? undefined : { mode: "frozen", ms: timeOf("now", now) },
    scenario: scenario === undefined ? undefined : scenarioOf(scenario),
  };
  // Of the key that signs tokens.
  const dataDirectory = await mkdtemp(join(tmpdir(), "mdps-test-server-"));
  const remove = () => rm(dataDirectory, { recursive: true, force: true });
  const emulator = await startEmulator({
    host: "127.0.0.1",
    port: 0,
    dataDirectory,
    anyToken,
    start,
    graceMs: 0,
    log: { level: "silent" },
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= emulator.close().finally(remove);
    return closing;
  };
  const requireOpen: Interceptor = (next) => (request) => {
    if (closing !== undefined) {
      throw new ConnectError("the test server is closed: start another", Code.Unavailable);
    }
    return next(request);
  };
  return { ...createControl(emulator.url, operator, [requireOpen]), close, [Symbol.asyncDispose]: close };
}

const properties: Readonly<Record<keyof TestServerOptions, true>> = {
  now: true,
  scenario: true,
  operator: true,
  anyToken: true,
};

/** Returns a scenario that is loaded at the start. Throws RangeError if there is none of this name, and ScenarioError. */
function scenarioOf(scenario: string | { text: string }): NamedSource {
  requireScenario(scenario);
  if (typeof scenario !== "string") {
    return textSource("text", scenario.text);
  }
  const found = builtInSource(scenario);
  if (found === undefined) {
    throw new RangeError(`scenario: ${unknownScenario(scenario)}`);
  }
  return found;
}
