import type { Command } from "commander";
import packageJson from "../../../package.json" with { type: "json" };
import { startEmulator } from "../../emulator/start-emulator.ts";
import { handleSignals } from "../handle-signals.ts";
import { newCommand } from "../options/new-command.ts";
import { readConfigOf } from "../options/read-config.ts";
import { serverSettings } from "../options/server-settings.ts";
import { addSettingOptions } from "../options/setting-options.ts";
import { jsonOption, print } from "../text/print.ts";
import { cpidCommand } from "./dev/cpid.ts";
import { pullCommand } from "./dev/pull.ts";

type DevOptions = { json?: true };

/** `mdps dev`: runs the emulator until SIGTERM or SIGINT. */
export function devCommand(): Command {
  return addSettingOptions(newCommand("dev"))
    .description("run the emulator: the server, with a clock, errors and records that you control")
    .option(jsonOption[0], "print the address as one line of JSON")
    .addHelpText("after", "\nExamples:\n  mdps dev\n  mdps dev --port 0 --json")
    .enablePositionalOptions()
    .addCommand(pullCommand())
    .addCommand(cpidCommand())
    .action(dev);
}

async function dev({ json }: DevOptions, command: Command): Promise<void> {
  const resolved = await readConfigOf(command);
  const settings = serverSettings(resolved.config);
  const emulator = await startEmulator({ ...settings, version: packageJson.version });
  handleSignals({ ...emulator, reload: async () => {} }, false);
  print(json, { url: emulator.url }, `mdps dev listens on ${emulator.url}`);
}
