import type { Command } from "commander";
import { startDev } from "../dev/start-dev.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn, parseTime } from "../options/parse-options.ts";
import { addSettingOptions } from "../options/setting-options.ts";
import { jsonOption } from "../text/print.ts";
import { cpidCommand } from "./dev/cpid.ts";
import { pullCommand } from "./dev/pull.ts";

/** `mdps dev`: runs the emulator until SIGTERM or SIGINT. */
export function devCommand(): Command {
  return adaptSettings(addSettingOptions(newCommand("dev")))
    .description("run the emulator: the server, with a clock, errors and records that you control")
    .option("--persist", "keep the records in the data directory; by default they are in memory")
    .option("--import <file>", "store the records of an export at the start and at each reset")
    .option("--export-on-exit <file>", "replace this file by an export of all records at the end")
    .option("--scenario <name|file>", "load a built-in scenario or a file at the start and at each reset")
    .option("--operator <asn>", "operator of the printed token and command", parseAsn, 65001)
    .option("--now <time>", "time at which the clock starts; by default that of the machine", parseTime)
    .option("--frozen", "stop the clock")
    .option("--any-token", "accept any access token, or none, for every operator")
    .option("--expose-control", "let other machines control the emulator; pages of other origins never may")
    .option(jsonOption[0], "print the address, a token and more as one line of JSON, when it is ready")
    .addHelpText(
      "after",
      `
Examples:
  mdps dev
  mdps dev --port 0 --json
  mdps dev --scenario subscribers
  mdps dev --import state.ndjson --export-on-exit state.ndjson
  mdps dev --now 2027-01-15T12:00:00Z --frozen --any-token`,
    )
    .enablePositionalOptions()
    .addCommand(pullCommand())
    .addCommand(cpidCommand())
    .action(startDev);
}

/** What settings mean for the emulator, if it is not what they mean for `mdps serve`. */
const descriptions: Readonly<Record<string, string>> = {
  "--data": "directory of the signing key, service accounts and, with --persist, the records",
  "--store": "memory:, sqlite:DIRECTORY, postgres://… or cql://…; by default memory:",
};

/** Changes the help of settings that are different for the emulator. */
function adaptSettings(command: Command): Command {
  for (const option of command.options) {
    option.description = descriptions[option.long ?? ""] ?? option.description;
    if (option.long === "--workers") {
      // The emulator is one process.
      option.hideHelp();
    }
  }
  return command;
}
