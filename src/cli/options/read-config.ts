import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { type ConfigSources, type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { ValueError } from "../../config/value-error.ts";
import { whyUnreadable } from "../../contract/file-error.ts";
import { UsageError } from "../usage-error.ts";
import { defaultDataDirectory, requireDirectory } from "./data-directory.ts";
import { settingsOf, variablesOf } from "./setting-options.ts";

/**
 * Reads the configuration of a server, whose file is given as a path; the data directory of the user is the default.
 * Rejects with ConfigError, or with UsageError if the file cannot be read or there is no data directory.
 */
export async function readConfig({
  file,
  dataDirectory = defaultDataDirectory(),
  ...sources
}: Omit<ConfigSources, "file" | "dataDirectory"> & {
  file?: string;
  dataDirectory?: string | undefined;
}): Promise<ResolvedConfig> {
  try {
    const resolved = resolveConfig({
      dataDirectory,
      file: file === undefined ? undefined : { name: file, text: await readText(file) },
      ...sources,
    });
    requireDirectory(resolved.config.storage?.data);
    return resolved;
  } catch (error) {
    throw error instanceof ValueError ? new UsageError(`--config: ${file}: ${error.message}`) : error;
  }
}

/**
 * Reads the configuration for a command with the options of `addSettingOptions`; `dataDirectory` replaces the default one.
 * Rejects like `readConfig`.
 */
export function readConfigOf(command: Command, dataDirectory?: string): Promise<ResolvedConfig> {
  let program = command;
  while (program.parent) {
    program = program.parent;
  }
  return readConfig({
    file: command.getOptionValue("config"),
    dataDirectory,
    environment: process.env,
    otherVariables: variablesOf(program),
    commandLine: settingsOf(command),
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--config: ${file} ${whyUnreadable(error)}`);
  }
}
