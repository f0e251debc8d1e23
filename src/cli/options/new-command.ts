import { Command } from "commander";
import { flagVariable } from "../../config/flags.ts";

/**
 * Creates a command whose options can also be set in the environment: `--tls-cert` by `MDPS_TLS_CERT`. The command line
 * wins. Any text sets an option that takes no value, and an empty variable sets none.
 */
export function newCommand(name: string): Command {
  const command = new Command(name);
  command.createOption = (flags, description) => {
    const option = Command.prototype.createOption(flags, description);
    const { long } = option;
    if (!long || long === "--help" || long === "--version") {
      return option;
    }
    const variable = flagVariable(long);
    if (process.env[variable] === "") {
      // Commander would take it for a value. The help still shows the variable.
      delete process.env[variable];
    }
    return option.env(variable);
  };
  return command;
}
