import type { Command } from "commander";
import { defaultTokenSeconds, signAccessToken } from "../../auth/access-token.ts";
import { pushScope, readScope } from "../../auth/scopes.ts";
import { loadSigningKey } from "../../auth/signing-key.ts";
import { systemClock } from "../../contract/clock.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { parseAsn, parseSeconds } from "../options/parse-options.ts";
import { jsonOption, print } from "../text/print.ts";

type TokenOptions = { operator: number; read?: true; data: string; expires: number; json?: true };

/** `mdps token`: prints an access token for curl and the like. */
export function tokenCommand(): Command {
  return newCommand("token")
    .description("print an access token for one operator, to push or, with --read, to read")
    .requiredOption("--operator <asn>", "Autonomous System Number of the operator", parseAsn)
    .option("--read", "for reading instead of pushing")
    .option("--expires <seconds>", "how long it lasts", parseSeconds(1), defaultTokenSeconds)
    .option("--data <directory>", "data directory of the server that is to accept it", defaultDataDirectory())
    .option(...jsonOption)
    .addHelpText("after", "\nExample:\n  TOKEN=$(mdps token --operator 65001)")
    .action(async ({ data, operator, read, expires, json }: TokenOptions) => {
      const token = await makeToken(data, operator, read === true, expires);
      print(json, { access_token: token, token_type: "Bearer", expires_in: expires }, token);
    });
}

/** Makes a token that servers of the data directory accept. Makes their signing key if there is none yet. */
export async function makeToken(
  dataDirectory: string,
  asn: number,
  read: boolean,
  lifetimeSeconds: number = defaultTokenSeconds,
): Promise<string> {
  const key = await loadSigningKey(dataDirectory);
  const scopes = [read ? readScope : pushScope];
  return signAccessToken(key, { account: "mdps-token", asns: [asn], scopes, lifetimeSeconds }, systemClock);
}
