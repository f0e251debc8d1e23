import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import { pushScope, readScope } from "../auth/scopes.ts";
import {
  addServiceAccountKey,
  createServiceAccount,
  emailOf,
  type KeyFileInit,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../auth/service-account-admin.ts";
import { readServiceAccounts } from "../auth/service-accounts.ts";
import { systemClock } from "../contract/clock.ts";
import { defaultDataDirectory } from "./data-directory.ts";
import { collect, parseAsn, parseName, parseUrl } from "./parse-options.ts";

type DataOption = { data: string };
type KeyOptions = DataOption & { url: string; universeDomain: string };
type CreateOptions = KeyOptions & { operator: number[]; name?: string; access: "push" | "read" | "both" };
type ListOptions = DataOption & { json?: true };

const scopesOfAccess = { push: [pushScope], read: [readScope], both: [pushScope, readScope] };

/** `mdps service-account`: accounts for programs, with key files like Google's. Running servers see each change. */
export function serviceAccountCommand(): Command {
  return new Command("service-account")
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
  return withKeyFile(new Command("create"))
    .description("make an account and print its key file; the private key is kept nowhere else")
    .requiredOption("--operator <asn>", "operator that it may act for; may be repeated", collect(parseAsn))
    .option("--name <name>", "its name; by default operator-<asn>", parseName)
    .addOption(
      new Option("--access <what>", "what it may do").choices(["push", "read", "both"]).default("push"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  (umask 077; mdps service-account create --operator 65001 > key.json)",
    )
    .action(async ({ data, operator, name = `operator-${operator[0]}`, access, ...init }: CreateOptions) => {
      const account = { email: emailOf(name), asns: operator, scopes: scopesOfAccess[access] };
      print(await createServiceAccount(data, account, init, systemClock));
    });
}

function listCommand(): Command {
  return withData(new Command("list"))
    .description("list accounts, their operators and keys")
    .option("--json", "as JSON")
    .action(({ data, json }: ListOptions) => {
      const rows = readServiceAccounts(data).accounts.map((account) => ({
        email: account.email,
        operators: account.asns,
        scopes: account.scopes,
        keys: account.keys.map(({ keyId }) => keyId),
        created: account.createTime && timestampDate(account.createTime).toISOString(),
        revoked: account.revokeTime && timestampDate(account.revokeTime).toISOString(),
      }));
      if (json) {
        print(rows);
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
  return withData(new Command(name))
    .description(description)
    .argument("<account>", "name of the account", parseName)
    .argument("<asn>", "operator", parseAsn)
    .action(async (account: string, asn: number, { data }: DataOption) => {
      const asns = await linkServiceAccount(data, emailOf(account), asn, linked);
      console.log(`${emailOf(account)} may act for: ${asns.join(", ") || "no operator"}`);
    });
}

function revokeCommand(): Command {
  return withData(new Command("revoke"))
    .description("end an account, its keys and its tokens")
    .argument("<account>", "name of the account", parseName)
    .action(async (account: string, { data }: DataOption) => {
      await revokeServiceAccount(data, emailOf(account), systemClock);
      console.log(`${emailOf(account)} is revoked`);
    });
}

function addKeyCommand(): Command {
  return withKeyFile(new Command("add-key"))
    .description("make one more key for an account and print its key file")
    .argument("<account>", "name of the account", parseName)
    .action(async (account: string, { data, ...init }: DataOption & KeyFileInit) => {
      print(await addServiceAccountKey(data, emailOf(account), init, systemClock));
    });
}

function removeKeyCommand(): Command {
  return withData(new Command("remove-key"))
    .description("end a key, and the tokens that were got with it")
    .argument("<account>", "name of the account", parseName)
    .argument("<key-id>", "private_key_id of the key file")
    .action(async (account: string, keyId: string, { data }: DataOption) => {
      await removeServiceAccountKey(data, emailOf(account), keyId);
      console.log(`${emailOf(account)} has lost the key ${keyId}`);
    });
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
