import type { Command } from "commander";
import { UsageError } from "../usage-error.ts";

/** Credentials for a server: a key file, or an access token. */
export type ServerCredentials = { readonly credentials?: string; readonly token?: string };

/** Adds the options of a command that calls a server with credentials. */
export function withServerCredentials(command: Command, access: string): Command {
  return command
    .option("--credentials <keyfile>", `key file of a service account that may ${access}`)
    .option(
      "--token <token>",
      "access token instead; prefer MDPS_TOKEN, because command lines are not secret",
    );
}

/**
 * Returns the credentials to use, one of the two, or undefined if there are none. The command line wins over the
 * environment, and a key file, which renews its tokens, over a token.
 *
 * @param isGiven - Returns whether an option is on the command line.
 * @throws UsageError if the command line has both.
 */
export function chosenCredentials(
  { credentials, token }: ServerCredentials,
  isGiven: (name: string) => boolean,
): ServerCredentials | undefined {
  if (isGiven("credentials") && isGiven("token")) {
    throw new UsageError("--credentials and --token: pass one of the two");
  }
  if (credentials && !(token && isGiven("token"))) {
    return { credentials };
  }
  return token ? { token } : undefined;
}

/** Why a command that needs credentials cannot start. */
export const noCredentials =
  "no credentials: pass --credentials FILE or --token, or set MDPS_CREDENTIALS or MDPS_TOKEN";
