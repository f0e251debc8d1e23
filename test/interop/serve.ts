import { spawn } from "node:child_process";
import { once } from "node:events";
import { makeToken } from "../../src/cli/make-token.ts";
import { pageOrigin } from "./browser/origin.ts";

const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const announcement = /^mdps listens on (\S+),/m;

/** `mdps serve`, in its own process. */
export type Serving = {
  readonly url: string;
  /** Bearer tokens by the names of the vectors. */
  readonly tokens: Readonly<Record<"push" | "foreign" | "malformed", string>>;
  /** Stops the server. Returns its standard error, which is empty unless it had unexpected errors. */
  stop(): Promise<string>;
};

/** Lifetime of the tokens in seconds: longer than any run. */
const tokenSeconds = 24 * 3600;

/** Starts the server on a free port, with its data in `directory`. */
export async function serve(directory: string, clockSkewSeconds: number): Promise<Serving> {
  const settings = ["--clock-skew", String(clockSkewSeconds), "--allow-origin", pageOrigin];
  const args = ["serve", "--port", "0", "--data", directory, "--log-level", "error", ...settings];
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const announced = announcement.exec(stdout)?.[1];
      announced !== undefined && resolve(announced);
    });
    ended.then(([code]) => reject(new Error(`mdps serve exited with ${code}: ${stdout}${stderr}`)), reject);
  });
  return {
    url,
    tokens: {
      push: await makeToken(directory, 65001, "push", tokenSeconds),
      foreign: await makeToken(directory, 65002, "push", tokenSeconds),
      malformed: "no.token",
    },
    async stop() {
      if (child.exitCode !== null) {
        return `mdps serve had exited with ${child.exitCode}\n${stderr}`;
      }
      child.kill("SIGTERM");
      await ended;
      return stderr;
    },
  };
}
