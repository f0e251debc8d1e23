import type { Command } from "commander";
import { handleSignals } from "../handle-signals.ts";
import { newCommand } from "../options/new-command.ts";
import { readConfigOf } from "../options/read-config.ts";
import { serverSettings } from "../options/server-settings.ts";
import { addSettingOptions } from "../options/setting-options.ts";
import { startServing } from "../start-serving.ts";
import { jsonOption, print } from "../text/print.ts";

type ServeOptions = { json?: true };

/** `mdps serve`: runs the server until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  return addSettingOptions(newCommand("serve"))
    .description("run the server: Connect, gRPC, gRPC-Web and REST on one port")
    .option(jsonOption[0], "print the address as one line of JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps serve\n  mdps serve --port 0 --data /var/lib/mdps\n  mdps serve --config mdps.yaml --set limits.maxInFlight=100",
    )
    .action(serve);
}

async function serve({ json }: ServeOptions, command: Command): Promise<void> {
  const resolved = await readConfigOf(command);
  const { dataDirectory: data } = serverSettings(resolved.config);
  const serving = await startServing(resolved);
  handleSignals(serving, resolved.config.listen?.tlsCert !== undefined);
  const { url, adminUrl: admin } = serving;
  const banner = `mdps listens on ${url}, data directory ${data}${admin ? `, metrics and health on ${admin}` : ""}`;
  print(json, { url, data, ...(admin && { admin }) }, banner);
}
