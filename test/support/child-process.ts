import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A running script that writes lines. */
export type StoreChild = {
  readonly pid: number;
  /** Resolves when it has written this many lines, or has exited. */
  wrote(lines: number): Promise<void>;
  /** Kills it with SIGKILL and resolves with every line that it wrote. */
  kill(): Promise<string[]>;
  /** Resolves with every line that it wrote when it has exited. */
  ended(): Promise<string[]>;
};

/** Starts `test/store/sqlite/child.ts` with options for Node. `worker` is for `race` only. */
export function startStoreChild(
  what: "try" | "load" | "race",
  directory: string,
  nodeOptions: readonly string[] = [],
  worker = "0",
): StoreChild {
  return startScript(
    new URL("../store/sqlite/child.ts", import.meta.url),
    [what, directory, worker],
    nodeOptions,
  );
}

/** Starts a script that writes lines. */
export function startScript(
  script: URL,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): StoreChild {
  const path = fileURLToPath(script);
  const child: ChildProcess & { stdout: NodeJS.ReadableStream } = spawn(
    process.execPath,
    [...nodeOptions, path, ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = Promise.all([once(reader, "close"), once(child, "exit")]).then(() => lines);
  return {
    pid: child.pid ?? 0,
    wrote(count) {
      const enough = new Promise<void>((resolve) => {
        const check = () => {
          if (lines.length >= count) {
            resolve();
          }
        };
        reader.on("line", check);
        check();
      });
      return Promise.race([enough, ended.then(() => undefined)]);
    },
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
    ended: () => ended,
  };
}
