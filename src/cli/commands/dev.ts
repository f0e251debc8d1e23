import type { Command } from "commander";
import packageJson from "../../../package.json" with { type: "json" };
import { startEmulator } from "../../emulator/start-emulator.ts";
import { handleSignals } from "../handle-signals.ts";
import { newCommand } from "../options/new-command.ts";
import { readConfigOf } from "../options/read-config.ts";
import { readScenarioOption } from "../options/scenario-option.ts";
import { serverSettings } from "../options/server-settings.ts";
import { addSettingOptions } from "../options/setting-options.ts";
import { jsonOption, print } from "../text/print.ts";
import { cpidCommand } from "./dev/cpid.ts";
import { pullCommand } from "./dev/pull.ts";

type DevOptions = { scenario?: string; json?: true };

/** `mdps dev`: runs the emulator until SIGTERM or SIGINT. */
export function devCommand(): Command {
  return addSettingOptions(newCommand("dev"))
    .description("run the emulator: the server, with a clock, errors and records that you control")
    .option("--scenario <name|file>", "load a built-in scenario or a file at the start and at each reset")
    .option(jsonOption[0], "print the address as one line of JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps dev\n  mdps dev --port 0 --json\n  mdps dev --scenario subscribers",
    )
    .enablePositionalOptions()
    .addCommand(pullCommand())
    .addCommand(cpidCommand())
    .action(dev);
}

async function dev({ scenario, json }: DevOptions, command: Command): Promise<void> {
  const resolved = await readConfigOf(command);
  const settings = serverSettings(resolved.config);
  const start = { scenario: scenario === undefined ? undefined : await readScenarioOption(scenario) };
  const emulator = await startEmulator({ ...settings, version: packageJson.version, start });
  handleSignals({ ...emulator, reload: async () => {} }, false);
  print(json, { url: emulator.url }, `mdps dev listens on ${emulator.url}`);
}
