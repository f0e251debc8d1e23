import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { makeToken } from "../../src/cli/make-token.ts";
import { childrenOf } from "../support/process-tree.ts";

/** Path of the tested program. */
export const program = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** Cache of the compiled program, which halves the time of each start. */
const compileCache = new URL("../../node_modules/.cache/mdps-test", import.meta.url).pathname;

export type ServeOptions = {
  /** Data directory. */
  data: string;
  /** Port; a free one by default. */
  port?: number;
  /** Additional flags. */
  args?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>>;
};

/** `mdps serve` in its own process. */
export type Served = {
  readonly pid: number;
  readonly data: string;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** URL of the admin port, if it has one. */
  readonly admin: string | undefined;
  /** Tokens of operator 65001, valid for a day. */
  readonly tokens: { readonly push: string; readonly read: string };
  /** Ids of its process and its workers. */
  pids(): number[];
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it has exited. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Returns the last lines that it wrote to standard error. */
  stderrTail(): string;
};

const maxLines = 20;
const tokenSeconds = 24 * 3600;
const operator = 65_001;

/** Starts the server and resolves when it listens. Rejects with ServeFailed if it exits before. */
export async function startServed({ data, port = 0, args = [], env = {} }: ServeOptions): Promise<Served> {
  const child = spawn(
    process.execPath,
    [program, "serve", "--json", "--port", String(port), "--data", data, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env } },
  );
  // The server must not outlive this process.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > maxLines) {
      lastLines.shift();
    }
  });
  const stderrTail = () => lastLines.join("\n");
  const ended = once(child, "close").then(([exitCode, signal]) => ({ exitCode, signal }));
  const announced = once(createInterface({ input: child.stdout }), "line").then(([line]) => line as string);
  const first = await Promise.race([announced, ended]);
  if (typeof first !== "string") {
    throw new ServeFailed(first.exitCode, stderrTail());
  }
  const { url, admin } = JSON.parse(first) as { url: string; admin?: string };
  return {
    pid: child.pid ?? 0,
    data,
    url,
    port: Number(new URL(url).port),
    admin: admin === undefined || /^https?:/.test(admin) ? admin : `http://${admin}`,
    tokens: {
      push: await makeToken(data, operator, "push", tokenSeconds),
      read: await makeToken(data, operator, "read", tokenSeconds),
    },
    pids: () => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)],
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => child.kill(signal),
    ended,
    stderrTail,
  };
}

/** Thrown when the server exits before it listens. */
export class ServeFailed extends Error {
  override readonly name = "ServeFailed";
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(exitCode: number | null, stderr: string) {
    super(`mdps serve exited with ${exitCode}: ${stderr}`);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}
