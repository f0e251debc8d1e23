import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { makeToken } from "../../src/cli/make-token.ts";
import { childrenOf } from "./usage.ts";

/** File of the program that is proved. */
export const program = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** Where Node keeps the compiled program, so that starting it often takes half the time. */
const compileCache = new URL("../../node_modules/.cache/mdps-test", import.meta.url).pathname;

export type ServeOptions = {
  /** Its data directory. */
  data: string;
  /** Port; a free one unless said otherwise. */
  port?: number;
  /** Further flags. */
  args?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>>;
};

/** `mdps serve`, in a process of its own. */
export type Served = {
  readonly pid: number;
  readonly data: string;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** URL of the admin port, if it has one. */
  readonly admin: string | undefined;
  /** Tokens of operator 65001, for a day. */
  readonly tokens: { readonly push: string; readonly read: string };
  /** Its process and its workers. */
  pids(): number[];
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>;
  /** The last lines that it wrote on standard error. */
  complaints(): string;
};

const keptLines = 20;
const tokenSeconds = 24 * 3600;
const operator = 65_001;

/** Starts the server and resolves when it listens. Rejects with what it wrote if it ends before. */
export async function startServed({ data, port = 0, args = [], env = {} }: ServeOptions): Promise<Served> {
  const child = spawn(
    process.execPath,
    [program, "serve", "--json", "--port", String(port), "--data", data, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env } },
  );
  // Whatever ends this process must not leave it behind.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > keptLines) {
      lastLines.shift();
    }
  });
  const complaints = () => lastLines.join("\n");
  const ended = once(child, "close").then(([exitCode, signal]) => ({ exitCode, signal }));
  const announced = once(createInterface({ input: child.stdout }), "line").then(([line]) => line as string);
  const first = await Promise.race([announced, ended]);
  if (typeof first !== "string") {
    throw new ServeFailed(first.exitCode, complaints());
  }
  const { url, admin } = JSON.parse(first) as { url: string; admin?: string };
  return {
    pid: child.pid ?? 0,
    data,
    url,
    port: Number(new URL(url).port),
    admin: admin === undefined || /^https?:/.test(admin) ? admin : `http://${admin}`,
    tokens: {
      push: await makeToken(data, operator, false, tokenSeconds),
      read: await makeToken(data, operator, true, tokenSeconds),
    },
    pids: () => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)],
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => child.kill(signal),
    ended,
    complaints,
  };
}

/** Raised when the server ended before it listened. */
export class ServeFailed extends Error {
  override readonly name = "ServeFailed";
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(exitCode: number | null, stderr: string) {
    super(`mdps serve ended with ${exitCode}: ${stderr}`);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}
