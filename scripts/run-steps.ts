import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";

const root = dirname(import.meta.dirname);

/** Commands by name, in the order in which they run. A command is a program and its arguments. */
export type Steps = Readonly<Record<string, readonly (readonly string[])[]>>;

/**
 * Runs steps at the root of the repository and sets the exit code to 1 if one fails. Later steps still run, so that one
 * run reports every failure.
 *
 * @param steps - All steps.
 * @param names - The steps to run; all if empty. An unknown name is an error that lists the known ones.
 * @param extra - Arguments added to each command.
 */
export function runSteps(steps: Steps, names: readonly string[], extra: readonly string[] = []): void {
  const unknown = names.filter((name) => !Object.hasOwn(steps, name));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(", ")}. Expected ${Object.keys(steps).join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  const failed: string[] = [];
  for (const name of names.length > 0 ? names : Object.keys(steps)) {
    const startedAt = performance.now();
    console.log(`\n── ${name}`);
    if ((steps[name] ?? []).every((command) => runCommand([...command, ...extra]))) {
      console.log(`── ${name}: passed in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    } else {
      failed.push(name);
    }
  }
  if (failed.length > 0) {
    console.error(`\nfailed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}

/** Runs a command with the output of this process. The `PATH` begins with this Node and the dependencies' programs. */
function runCommand([program = "", ...args]: readonly string[]): boolean {
  const path = [dirname(process.execPath), join(root, "node_modules", ".bin"), process.env.PATH].join(
    delimiter,
  );
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
    // On Windows, the dependencies' programs are shell scripts.
    shell: process.platform === "win32",
  });
  if (error) {
    console.error(`${program}: ${error.message}`);
  }
  return status === 0;
}
