import { Command } from "commander";

/**
 * Creates a command whose options can also be set in the environment: `--tls-cert` by `MDPS_TLS_CERT`. The command line
 * wins. Any value sets a flag that takes none.
 */
export function newCommand(name: string): Command {
  const command = new Command(name);
  command.createOption = (flags, description) => {
    const option = Command.prototype.createOption(flags, description);
    const long = option.long?.replace(/^--/, "");
    return long === undefined || long === "help" || long === "version"
      ? option
      : option.env(`MDPS_${long.replaceAll("-", "_").toUpperCase()}`);
  };
  return command;
}
