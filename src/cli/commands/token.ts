import type { Command } from "commander";
import { defaultTokenSeconds } from "../../auth/access-token.ts";
import { makeToken } from "../make-token.ts";
import { addDataOption, requireDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn, parseSeconds } from "../options/parse-options.ts";
import { jsonOption, print } from "../text/print.ts";

type TokenOptions = { operator: number; read?: true; data?: string; expires: number; json?: true };

/** `mdps token`: prints an access token for use with tools such as curl. */
export function tokenCommand(): Command {
  return addDataOption(newCommand("token"))
    .description("print an access token for one operator, for pushing or, with --read, for reading")
    .requiredOption("--operator <asn>", "Autonomous System Number of the operator", parseAsn)
    .option("--read", "create a token for reading instead of pushing")
    .option("--expires <seconds>", "lifetime of the token", parseSeconds(1), defaultTokenSeconds)
    .option(...jsonOption)
    .addHelpText("after", "\nExample:\n  TOKEN=$(mdps token --operator 65001)")
    .action(async ({ data, operator, read, expires, json }: TokenOptions) => {
      const token = await makeToken(requireDirectory(data), operator, read === true, expires);
      print(json, { access_token: token, token_type: "Bearer", expires_in: expires }, token);
    });
}
