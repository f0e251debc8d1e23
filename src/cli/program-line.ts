import { accessSync, constants, realpathSync } from "node:fs";
import { hostname } from "node:os";
import { delimiter, join } from "node:path";

/** How a user starts this program again. */
export type ProgramLine = {
  /** Words of a shell, such as `mdps`. */
  readonly words: string;
  /** Whether they only work in the folder of the clone. */
  readonly isClone: boolean;
};

/** Finds out how a shell in another terminal starts this program. */
export function programLine(): ProgramLine {
  const started = process.argv[1] ?? "";
  const main = realpathSync(started);
  if (process.pid === 1) {
    // The only program of a container, whose host name is its id.
    const engine = process.env.container === "podman" ? "podman" : "docker";
    return { words: `${engine} exec ${hostname()} node ${quoted(main)}`, isClone: false };
  }
  if (main === join(realpathSync("."), "src", "cli", "main.ts")) {
    return { words: "npm run -s mdps --", isClone: true };
  }
  if (onPath("mdps") === main) {
    return { words: "mdps", isClone: false };
  }
  // A file of the sources may be executable, but names a Node that may be too old.
  const isCommand = isExecutable(started) && !main.endsWith(".ts");
  return { words: isCommand ? quoted(started) : `${node()} ${quoted(main)}`, isClone: false };
}

/** Returns the command that resumes a run. */
export function resumeCommand(run: string): string {
  return `${programLine().words} push --resume ${quoted(run)}`;
}

/** Returns the word that starts this version of Node: others may not be able to run the program. */
function node(): string {
  return onPath("node") === realpathSync(process.execPath) ? "node" : quoted(process.execPath);
}

/** Quotes a word for a shell, if it needs that. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Returns the file that a command of another shell runs. npm and npx add folders to PATH that no other shell has. */
function onPath(command: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders
    .filter((folder) => folder !== "" && !folder.endsWith(join("node_modules", ".bin")))
    .map((folder) => join(folder, command))
    .find(isExecutable);
  return found && realpathSync(found);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
