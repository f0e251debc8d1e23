import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import {
  addServiceAccountKey,
  createServiceAccount,
  emailOf,
  type KeyFileInit,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../auth/accounts/administration.ts";
import { readServiceAccounts } from "../../auth/accounts/list-file.ts";
import { pushScope, readScope } from "../../auth/scopes.ts";
import { systemClock } from "../../contract/clock.ts";
import { defaultDataDirectory } from "../options/data-directory.ts";
import { newCommand } from "../options/new-command.ts";
import { collect, parseAsn, parseName, parseUrl } from "../options/parse-options.ts";
import { jsonOption, print } from "../text/print.ts";

type DataOption = { data: string };
type JsonOption = DataOption & { json?: true };
type KeyOptions = DataOption & { url: string; universeDomain: string };
type CreateOptions = KeyOptions & { operator: number[]; name?: string; access: "push" | "read" | "both" };

const scopesOfAccess = { push: [pushScope], read: [readScope], both: [pushScope, readScope] };

/** `mdps service-account`: accounts for programs, with key files like Google's. Running servers see each change. */
export function serviceAccountCommand(): Command {
  return newCommand("service-account")
    .description("accounts for programs: key files that work with Google's own auth libraries")
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(linkCommand("link", "let an account act for one more operator", true))
    .addCommand(linkCommand("unlink", "no longer let an account act for an operator", false))
    .addCommand(revokeCommand())
    .addCommand(addKeyCommand())
    .addCommand(removeKeyCommand())
    .addHelpText("after", "\nExample:\n  mdps service-account create --operator 65001 > key.json");
}

function withData(command: Command): Command {
  return command.option("--data <directory>", "data directory of the server", defaultDataDirectory());
}

function withKeyFile(command: Command): Command {
  return withData(command)
    .option("--url <url>", "URL of the server, for token_uri", parseUrl, "http://127.0.0.1:8080")
    .option(
      "--universe-domain <domain>",
      "any but Google's makes Google's libraries sign tokens themselves and leave token_uri alone; needed for Node",
      "googleapis.com",
    );
}

function createCommand(): Command {
  return withKeyFile(newCommand("create"))
    .description("make an account and print its key file; the private key is kept nowhere else")
    .requiredOption("--operator <asn>", "operator that it may act for; may be repeated", collect(parseAsn))
    .option("--name <name>", "its name; by default operator-<asn>", parseName)
    .addOption(
      new Option("--access <what>", "what it may do")
        .env("MDPS_ACCESS")
        .choices(["push", "read", "both"])
        .default("push"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  (umask 077; mdps service-account create --operator 65001 > key.json)",
    )
    .action(async ({ data, operator, name = `operator-${operator[0]}`, access, ...init }: CreateOptions) => {
      const account = { email: emailOf(name), asns: operator, scopes: scopesOfAccess[access] };
      printJson(await createServiceAccount(data, account, init, systemClock));
    });
}

function listCommand(): Command {
  return withData(newCommand("list"))
    .description("list accounts, their operators and keys")
    .addHelpText("after", "\nExample:\n  mdps service-account list --json")
    .option(...jsonOption)
    .action(({ data, json }: JsonOption) => {
      const rows = readServiceAccounts(data).accounts.map((account) => ({
        email: account.email,
        operators: account.asns,
        scopes: account.scopes,
        keys: account.keys.map(({ keyId }) => keyId),
        created: account.createTime && timestampDate(account.createTime).toISOString(),
        revoked: account.revokeTime && timestampDate(account.revokeTime).toISOString(),
      }));
      if (json) {
        printJson(rows);
        return;
      }
      for (const { email, operators, scopes, keys, revoked } of rows) {
        console.log(`${email}${revoked === undefined ? "" : `  revoked ${revoked}`}`);
        console.log(`  operators  ${operators.join(", ") || "none"}`);
        console.log(`  scopes     ${scopes.join(" ")}`);
        console.log(`  keys       ${keys.join(", ") || "none"}`);
      }
    });
}

function linkCommand(name: string, description: string, linked: boolean): Command {
  return withData(newCommand(name))
    .description(description)
    .addHelpText("after", `\nExample:\n  mdps service-account ${name} operator-65001 65002`)
    .argument("<account>", "name of the account", parseName)
    .argument("<asn>", "operator", parseAsn)
    .option(...jsonOption)
    .action(async (account: string, asn: number, { data, json }: JsonOption) => {
      const email = emailOf(account);
      const operators = await linkServiceAccount(data, email, asn, linked);
      print(json, { email, operators }, `${email} may act for: ${operators.join(", ") || "no operator"}`);
    });
}

function revokeCommand(): Command {
  return withData(newCommand("revoke"))
    .description("end an account, its keys and its tokens")
    .addHelpText("after", "\nExample:\n  mdps service-account revoke operator-65001")
    .argument("<account>", "name of the account", parseName)
    .option(...jsonOption)
    .action(async (account: string, { data, json }: JsonOption) => {
      const email = emailOf(account);
      await revokeServiceAccount(data, email, systemClock);
      print(json, { email, revoked: true }, `${email} is revoked`);
    });
}

function addKeyCommand(): Command {
  return withKeyFile(newCommand("add-key"))
    .description("make one more key for an account and print its key file")
    .addHelpText(
      "after",
      "\nExample:\n  (umask 077; mdps service-account add-key operator-65001 > next.json)",
    )
    .argument("<account>", "name of the account", parseName)
    .action(async (account: string, { data, ...init }: DataOption & KeyFileInit) => {
      printJson(await addServiceAccountKey(data, emailOf(account), init, systemClock));
    });
}

function removeKeyCommand(): Command {
  return withData(newCommand("remove-key"))
    .description("end a key, and the tokens that were got with it")
    .addHelpText("after", "\nExample:\n  mdps service-account remove-key operator-65001 15fc5495221f01dc")
    .argument("<account>", "name of the account", parseName)
    .argument("<key-id>", "private_key_id of the key file")
    .option(...jsonOption)
    .action(async (account: string, keyId: string, { data, json }: JsonOption) => {
      const email = emailOf(account);
      await removeServiceAccountKey(data, email, keyId);
      print(json, { email, removedKey: keyId }, `${email} has lost the key ${keyId}`);
    });
}

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
