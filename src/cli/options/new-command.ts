import { Command } from "commander";
import { flagVariable } from "../../config/flags.ts";

/**
 * Creates a command whose options can also be set in the environment: `--tls-cert` by `MDPS_TLS_CERT`. The command line
 * wins. Any text sets an option that takes no value.
 */
export function newCommand(name: string): Command {
  const command = new Command(name);
  command.createOption = (flags, description) => {
    const option = Command.prototype.createOption(flags, description);
    const { long } = option;
    return !long || long === "--help" || long === "--version" ? option : option.env(flagVariable(long));
  };
  return command;
}
