import type { Command } from "commander";
import type { OAuthClient } from "../../pull/access-token.ts";
import type { PullCredentials } from "../../pull/pull-plan-status.ts";
import { jsonOption } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";
import { caOption, readOptionFile } from "./option-files.ts";
import { collect, parser, parseSeconds } from "./parse-options.ts";

/** Options of all commands that call a server of an operator. */
export type AgentFlags = { language: string; timeout: number; ca?: string; json?: true; reveal?: true };

const parseLanguage = parser("be a language or a list of them, such as en-US or de, en;q=0.5", (text) =>
  /^[A-Za-z0-9*,;=. -]{1,200}$/.test(text) ? text : undefined,
);

/** Adds the options of a command that calls a server of an operator. Exit code 1 means that it found errors. */
export function withAgentOptions(command: Command): Command {
  return command
    .option(
      "--language <tag>",
      "languages that the user reads, sent as Accept-Language",
      parseLanguage,
      "en-US",
    )
    .option("--timeout <seconds>", "time for each answer", parseSeconds(1), 30)
    .option(...caOption)
    .option(...jsonOption)
    .option("--reveal", "print user keys unmasked")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : usageExitCode));
}

/** Exit code of a command that cannot be carried out as given. */
export const usageExitCode = 2;

/** Runs a check and sets the exit code: 0 without errors, 1 with errors, 2 for a command that cannot be carried out. */
export async function runCheck(check: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = (await check()) > 0 ? 1 : 0;
  } catch (error) {
    // A TypeError that says so is about the option that it names.
    const isOption = error instanceof TypeError && /^[a-z-]+: /.test(error.message);
    if (!(error instanceof UsageError || isOption)) {
      throw error;
    }
    const option = isOption ? "--" : "";
    console.error(`mdps: ${option}${error.message}`);
    process.exitCode = usageExitCode;
  }
}

/** Options with the credentials that Google would have. */
export type CredentialFlags = { token?: string; tokenUrl?: string; oauthClient?: string[] };

/** Adds the options with the credentials that Google would have. */
export function withCredentialOptions(command: Command): Command {
  return (
    command
      // Not MDPS_TOKEN, which is for pushes: a token must only be sent to whom it is for.
      .addOption(
        command
          .createOption(
            "--token <token>",
            "access token; prefer MDPS_DPA_TOKEN, which process lists do not show",
          )
          .env("MDPS_DPA_TOKEN"),
      )
      .option("--token-url <url>", "get a token from this token endpoint (OAuth 2.0 client credentials)")
      .option(
        "--oauth-client <file>",
        "JSON file with client_id and client_secret; instead, set MDPS_DPA_CLIENT_ID and MDPS_DPA_CLIENT_SECRET. Repeat it for the second pair of a rotation",
        collect((file) => file),
      )
  );
}

/** Returns the credentials, or undefined if there are none. Rejects with UsageError if they contradict each other. */
export async function credentialsOf(flags: CredentialFlags): Promise<PullCredentials | undefined> {
  const { token, tokenUrl, oauthClient: files } = flags;
  if (token !== undefined && tokenUrl !== undefined) {
    throw new UsageError("--token and --token-url: pass one of the two");
  }
  if (tokenUrl === undefined) {
    if (files !== undefined) {
      throw new UsageError("--oauth-client: --token-url is required, to get a token with these credentials");
    }
    return token === undefined ? undefined : { token };
  }
  if (files !== undefined && files.length > 2) {
    throw new UsageError("--oauth-client: at most two pairs of credentials are live at a time");
  }
  const clients =
    files === undefined ? [environmentClient()] : await Promise.all(files.map((file) => readClient(file)));
  return { tokenUrl, clients };
}

function environmentClient(): OAuthClient {
  const { MDPS_DPA_CLIENT_ID: id, MDPS_DPA_CLIENT_SECRET: secret } = process.env;
  if (!id || !secret) {
    throw new UsageError(
      "--token-url: no credentials: pass --oauth-client FILE, or set MDPS_DPA_CLIENT_ID and MDPS_DPA_CLIENT_SECRET",
    );
  }
  return { id, secret };
}

async function readClient(file: string): Promise<OAuthClient> {
  const text = await readOptionFile("--oauth-client", file);
  try {
    const { client_id: id, client_secret: secret } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id === "string" && id !== "" && typeof secret === "string" && secret !== "") {
      return { id, secret };
    }
  } catch {
    // The parser's message would quote the secret.
  }
  throw new UsageError(
    `--oauth-client ${file}: must be a JSON object with the strings client_id and client_secret`,
  );
}
