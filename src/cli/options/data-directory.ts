import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../usage-error.ts";

/**
 * Returns the default data directory: `mdps` in the operating system's directory for the user's application data. On
 * Linux, `$XDG_DATA_HOME/mdps` or `~/.local/share/mdps`. Returns undefined for a user without a home directory, such as
 * a user of a container that is only a number. Relative paths are ignored, as the XDG specification requires: data must
 * not depend on the working directory.
 */
export function defaultDataDirectory(): string | undefined {
  const home = homeDirectory();
  switch (process.platform) {
    case "darwin":
      return home && join(home, "Library", "Application Support", "mdps");
    case "win32": {
      const local = absolute(process.env.LOCALAPPDATA) ?? (home && join(home, "AppData", "Local"));
      return local && join(local, "mdps");
    }
    default: {
      const shared = absolute(process.env.XDG_DATA_HOME) ?? (home && join(home, ".local", "share"));
      return shared && join(shared, "mdps");
    }
  }
}

/** Returns the default directory of the runs of `mdps push`, if there is one. */
export function defaultRunsDirectory(): string | undefined {
  const data = defaultDataDirectory();
  return data && join(data, "runs");
}

/** Adds `--data` to a command. Without a default, the value is undefined: pass it to `requireDirectory`. */
export function addDataOption(command: Command, description = "data directory of the server"): Command {
  return command.option("--data <directory>", description, defaultDataDirectory());
}

/**
 * Returns a data directory, or the directory of `mdps push` if the option is `runs`. Throws UsageError if it is not given
 * and has no default.
 */
export function requireDirectory(directory: string | undefined, option: "data" | "runs" = "data"): string {
  if (!directory) {
    throw new UsageError(
      `no ${option === "data" ? "data directory" : "directory for the run"}: pass --${option} DIRECTORY or set ` +
        `MDPS_${option.toUpperCase()}. The default needs an absolute path in ${homeVariables}.`,
    );
  }
  if (statSync(directory, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`--${option} ${directory}: is a file, not a directory`);
  }
  return directory;
}

/** The files that make a directory an installation. Without one of them, no server uses the directory. */
const installationFiles = ["signing-key.json", "service-accounts.json", "plans.sqlite"];

/** Returns whether a directory has a file of an installation, such as its signing key. */
export function isInstallation(directory: string, files: readonly string[] = installationFiles): boolean {
  return files.some((file) => existsSync(join(directory, file)));
}

/**
 * Runs a command that makes what a data directory lacks, and says on standard error if the directory was not that of an
 * installation: it is perhaps not the one that the server uses. `effect` is what a server with another one does.
 */
export async function makingInstallation<Result>(
  directory: string,
  effect: string,
  make: () => Promise<Result>,
): Promise<Result> {
  const isNew = !isInstallation(directory);
  const result = await make();
  if (isNew) {
    console.error(
      `mdps: this made a new installation in ${directory}. A running server with another data directory ${effect}: pass its directory with --data or MDPS_DATA`,
    );
  }
  return result;
}

const homeVariables = process.platform === "linux" ? "XDG_DATA_HOME or HOME" : "the home directory";

/** Returns what to do about an error message that is about the default data directory; otherwise an empty string. */
export function defaultDirectoryAdvice(message: string): string {
  const directory = defaultDataDirectory();
  return directory !== undefined && message.includes(directory) && !message.includes("--runs")
    ? `\n${directory} is the default data directory, from ${homeVariables}: if that is not what you want, pass --data DIRECTORY or set MDPS_DATA`
    : "";
}

function homeDirectory(): string | undefined {
  try {
    return absolute(homedir());
  } catch {
    // Without HOME, the system looks the user up, and does not know it.
    return undefined;
  }
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
