import { Command } from "commander";

/**
 * Creates a command whose options may all come from the environment: `--tls-cert` from MDPS_TLS_CERT. The command line
 * wins. A flag without a value is set by any.
 */
export function newCommand(name: string): Command {
  const command = new Command(name);
  command.createOption = (flags, description) => {
    const option = Command.prototype.createOption(flags, description);
    const long = option.long?.replace(/^--/, "");
    // Help and version are no settings.
    return long === undefined || long === "help" || long === "version"
      ? option
      : option.env(`MDPS_${long.replaceAll("-", "_").toUpperCase()}`);
  };
  return command;
}
