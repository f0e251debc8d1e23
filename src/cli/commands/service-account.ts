import { type Command, Option } from "commander";
import {
  addServiceAccountKey,
  createServiceAccount,
  emailOf,
  type KeyFile,
  type KeyFileInit,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../auth/accounts/administration.ts";
import { readServiceAccounts } from "../../auth/accounts/list-file.ts";
import { type Access, scopesOfAccess } from "../../auth/scopes.ts";
import { systemClock } from "../../contract/clock.ts";
import { accessOption } from "../options/access-option.ts";
import {
  addDataOption,
  isInstallation,
  makingInstallation,
  requireDirectory,
} from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { collect, parseAsn, parseName, parseUrl } from "../options/parse-options.ts";
import { accountRow, accountText } from "../text/account-list.ts";
import { jsonOption, print } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";
import { writeKeyFile } from "../write-key-file.ts";

type DataOption = { data: string };
type JsonOption = DataOption & { json?: true };
type KeyOptions = DataOption & { endpoint: string; url?: string; universeDomain: string; out?: string };
type CreateOptions = KeyOptions & { operator: number[]; name?: string; access: Access };

/** `mdps service-account`: manages accounts for programs, with key files like Google's. Running servers see each change. */
export function serviceAccountCommand(): Command {
  return newCommand("service-account")
    .description("manage service accounts, whose key files work with Google's auth libraries")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(linkCommand("link", "allow an account to act for one more operator", true))
    .addCommand(linkCommand("unlink", "no longer allow an account to act for an operator", false))
    .addCommand(revokeCommand())
    .addCommand(addKeyCommand())
    .addCommand(removeKeyCommand())
    .addHelpText("after", "\nExample:\n  mdps service-account create --operator 65001 --out key.json");
}

function subcommand(name: string, description: string, example: string): Command {
  return addDataOption(newCommand(name))
    .description(description)
    .hook("preAction", (command) => {
      requireDirectory(command.getOptionValue("data"));
    })
    .addHelpText("after", `\nExample:\n  ${example}`);
}

/** Returns a subcommand whose first argument is an account. */
function accountCommand(name: string, description: string, example: string): Command {
  return subcommand(name, description, example)
    .argument("<account>", "name of the account", parseName)
    .hook("preAction", (command) => requireInstallation(command.getOptionValue("data")));
}

/** Throws UsageError for a directory without an installation, in which there is no account. */
function requireInstallation(data: string): void {
  if (!isInstallation(data)) {
    throw new UsageError(
      `${data} is not a data directory of a server: pass that of the server with --data or MDPS_DATA`,
    );
  }
}

function withKeyFile(command: Command): Command {
  return command
    .option("--out <file>", "new file for the key, which only its owner can read; standard output if omitted")
    .option("--endpoint <url>", "URL of the server, for token_uri", parseUrl, "http://127.0.0.1:8080")
    .addOption(new Option("--url <url>", "the same as --endpoint").argParser(parseUrl).hideHelp())
    .option(
      "--universe-domain <domain>",
      "a domain other than Google's makes Google's libraries sign tokens locally and ignore token_uri; required for Node",
      "googleapis.com",
    );
}

function createCommand(): Command {
  const command = subcommand(
    "create",
    "create an account and its key file, the only copy of the private key",
    "mdps service-account create --operator 65001 --out key.json",
  );
  return withKeyFile(command)
    .requiredOption("--operator <asn>", "operator that it may act for; repeatable", collect(parseAsn))
    .option("--name <name>", "name of the account; by default operator-<asn>", parseName)
    .addOption(accessOption(command, "what the account may do"))
    .action(async ({ data, operator, name = `operator-${operator[0]}`, access, ...key }: CreateOptions) => {
      const account = { email: emailOf(name), asns: operator, scopes: scopesOfAccess[access] };
      await putKey({ ...key, data }, (init) => createServiceAccount(data, account, init, systemClock));
    });
}

function listCommand(): Command {
  return subcommand("list", "list accounts, their operators and keys", "mdps service-account list --json")
    .option(...jsonOption)
    .action(({ data, json }: JsonOption) => {
      requireInstallation(data);
      const rows = readServiceAccounts(data).accounts.map(accountRow);
      if (json) {
        printJson(rows);
      } else if (rows.length > 0) {
        console.log(rows.map(accountText).join("\n"));
      }
    });
}

function linkCommand(name: string, description: string, linked: boolean): Command {
  return accountCommand(name, description, `mdps service-account ${name} operator-65001 65002`)
    .argument("<asn>", "operator", parseAsn)
    .option(...jsonOption)
    .action(async (account: string, asn: number, { data, json }: JsonOption) => {
      const email = emailOf(account);
      const operators = await linkServiceAccount(data, email, asn, linked);
      print(json, { email, operators }, `${email} may act for: ${operators.join(", ") || "no operator"}`);
    });
}

function revokeCommand(): Command {
  return accountCommand(
    "revoke",
    "revoke an account, its keys and its tokens",
    "mdps service-account revoke operator-65001",
  )
    .option(...jsonOption)
    .action(async (account: string, { data, json }: JsonOption) => {
      const email = emailOf(account);
      await revokeServiceAccount(data, email, systemClock);
      print(json, { email, revoked: true }, `${email} is revoked`);
    });
}

function addKeyCommand(): Command {
  const command = accountCommand(
    "add-key",
    "create another key for an account, and its key file",
    "mdps service-account add-key operator-65001 --out next.json",
  );
  return withKeyFile(command).action(async (account: string, { data, ...key }: KeyOptions) => {
    await putKey({ ...key, data }, (init) => addServiceAccountKey(data, emailOf(account), init, systemClock));
  });
}

function removeKeyCommand(): Command {
  return accountCommand(
    "remove-key",
    "revoke a key and the tokens obtained with it",
    "mdps service-account remove-key operator-65001 15fc5495221f01dc",
  )
    .argument("<key-id>", "private_key_id of the key file")
    .option(...jsonOption)
    .action(async (account: string, keyId: string, { data, json }: JsonOption) => {
      const email = emailOf(account);
      await removeServiceAccountKey(data, email, keyId);
      print(json, { email, removedKey: keyId }, `key ${keyId} of ${email} is revoked`);
    });
}

/** Makes a key and puts its file where the options say. */
async function putKey(
  { data, url, endpoint, universeDomain, out }: KeyOptions,
  make: (init: KeyFileInit) => Promise<KeyFile>,
): Promise<void> {
  await makingInstallation(data, "does not know this account", () =>
    writeKeyFile({ out, data }, () => make({ url: url ?? endpoint, universeDomain })),
  );
}

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
