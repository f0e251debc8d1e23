import { type Command, Option } from "commander";
import { defaultTokenSeconds } from "../../auth/access-token.ts";
import type { Access } from "../../auth/scopes.ts";
import { makeToken } from "../make-token.ts";
import { accessOption } from "../options/access-option.ts";
import { addDataOption, makingInstallation, requireDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn, parseSeconds } from "../options/parse-options.ts";
import { jsonOption, print } from "../text/print.ts";

type TokenOptions = { operator: number; access: Access; data?: string; expires: number; json?: true };

/** `mdps token`: prints an access token for use with tools such as curl. */
export function tokenCommand(): Command {
  const command = newCommand("token");
  return addDataOption(command)
    .description("print an access token for one operator")
    .requiredOption("--operator <asn>", "Autonomous System Number of the operator", parseAsn)
    .addOption(accessOption(command, "what the token allows"))
    .addOption(new Option("--read", "the same as --access read").hideHelp().implies({ access: "read" }))
    .option("--expires <seconds>", "lifetime of the token", parseSeconds(1), defaultTokenSeconds)
    .option(...jsonOption)
    .addHelpText("after", "\nExample:\n  export MDPS_TOKEN=$(mdps token --operator 65001 --access both)")
    .action(async ({ data, operator, access, expires, json }: TokenOptions) => {
      const directory = requireDirectory(data);
      const token = await makingInstallation(directory, "does not accept this token", () =>
        makeToken(directory, operator, access, expires),
      );
      print(json, { access_token: token, token_type: "Bearer", expires_in: expires }, token);
    });
}
