import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Environment } from "../../config/environment-layer.ts";
import type { GivenFlags } from "../../config/flag-layer.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";
import { TextFault } from "../../config/text-fault.ts";
import { UsageError } from "../usage-error.ts";
import { defaultDataDirectory } from "./data-directory.ts";
import { givenFlags, variablesOf } from "./setting-options.ts";

/** Where the configuration of a server is read from. */
export type ConfigPlaces = {
  readonly file?: string | undefined;
  readonly environment?: Environment;
  /** Variables with another meaning. */
  readonly otherVariables?: ReadonlySet<string>;
  readonly flags?: GivenFlags;
};

/**
 * Reads the configuration of a server from all places: the ServerConfig of proto/mobiledataplansharing/config/v1.
 * Raises ConfigError, which names every rule that it breaks, or UsageError if the file cannot be read.
 */
export async function readConfig({ file, ...places }: ConfigPlaces): Promise<ResolvedConfig> {
  try {
    return resolveConfig({
      dataDirectory: defaultDataDirectory(),
      file: file === undefined ? undefined : { name: file, text: await readText(file) },
      ...places,
    });
  } catch (error) {
    throw error instanceof TextFault ? new UsageError(`--config: ${file}: ${error.message}`) : error;
  }
}

/** Reads the configuration that a command with the options of settings was given. Raises like `readConfig`. */
export function readConfigOf(command: Command): Promise<ResolvedConfig> {
  let program = command;
  while (program.parent) {
    program = program.parent;
  }
  return readConfig({
    file: command.getOptionValue("config"),
    environment: process.env,
    otherVariables: variablesOf(program),
    flags: givenFlags(command),
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--config: ${file} cannot be read: ${(error as Error).message}`);
  }
}
