import type { Command } from "commander";
import { configYaml, listConfig } from "../../config/print-config.ts";
import { newCommand } from "../options/new-command.ts";
import { readConfigOf } from "../options/read-config.ts";
import { addSettingOptions } from "../options/setting-options.ts";
import { runPreflight } from "../preflight.ts";
import { jsonOption } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";

/** `mdps config`: checks or prints the configuration of a server without starting it. */
export function configCommand(): Command {
  return newCommand("config")
    .description("check or print the configuration of the server")
    .addCommand(checkCommand())
    .addCommand(printCommand())
    .addHelpText(
      "after",
      "\nExamples:\n  mdps config check --config mdps.yaml\n  mdps config print --port 9000",
    );
}

function checkCommand(): Command {
  return addSettingOptions(newCommand("check"))
    .description("check the settings that mdps serve would use, and the files that they name")
    .addHelpText("after", "\nExample:\n  mdps config check --config mdps.yaml")
    .action(checkConfig);
}

function printCommand(): Command {
  return addSettingOptions(newCommand("print"))
    .description("print the settings that mdps serve would use, with their sources, as a configuration file")
    .option(jsonOption[0], "print a list of path, value and source as JSON")
    .addHelpText("after", "\nExample:\n  mdps config print --config mdps.yaml --port 9000")
    .action(printConfig);
}

async function checkConfig(_: object, command: Command): Promise<void> {
  const { errors, warnings } = await runPreflight(await readConfigOf(command));
  for (const warning of warnings) {
    console.error(`warning: ${warning}`);
  }
  if (errors.length > 0) {
    throw new UsageError(errors.length === 1 ? String(errors[0]) : `\n  ${errors.join("\n  ")}`);
  }
  console.log("the configuration is valid");
}

async function printConfig({ json }: { json?: true }, command: Command): Promise<void> {
  const resolved = await readConfigOf(command);
  process.stdout.write(json ? `${JSON.stringify(listConfig(resolved), null, 2)}\n` : configYaml(resolved));
}
