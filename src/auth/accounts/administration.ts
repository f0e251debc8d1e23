import { generateKeyPair, randomBytes, randomInt } from "node:crypto";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ServiceAccount,
  ServiceAccountKeySchema,
  ServiceAccountSchema,
  type ServiceAccounts,
} from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";
import type { Clock } from "../../contract/clock.ts";
import { ServiceAccountsError } from "./accounts-error.ts";
import { changeServiceAccounts } from "./list-file.ts";

/** A key file in the format of Google's client libraries. The private key is stored nowhere else. */
export type KeyFile = {
  readonly type: "service_account";
  readonly project_id: string;
  readonly private_key_id: string;
  /** PKCS #8 in PEM. */
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
  readonly universe_domain: string;
};

export type KeyFileInit = {
  /** URL of the server, without a trailing slash. */
  url: string;
  /** With a domain other than `googleapis.com`, Google's libraries sign access tokens themselves (AIP-4111). */
  universeDomain: string;
};

const projectId = "mobile-data-plan-sharing";

/** Returns the email of an account: a name without `@` gets the domain `mobile-data-plan-sharing.internal`. */
export function emailOf(name: string): string {
  return name.includes("@") ? name : `${name}@${projectId}.internal`;
}

/** Creates an account and its first key. Rejects with ServiceAccountsError if the email is taken. */
export function createServiceAccount(
  directory: string,
  { email, asns, scopes }: { email: string; asns: readonly number[]; scopes: readonly string[] },
  init: KeyFileInit,
  clock: Clock,
): Promise<KeyFile> {
  return changeServiceAccounts(directory, async (list) => {
    if (list.accounts.some((account) => account.email === email && account.revokeTime === undefined)) {
      throw new ServiceAccountsError(
        `the account ${email} already exists: choose another --name, or make another key for it with service-account add-key`,
      );
    }
    const account = create(ServiceAccountSchema, {
      email,
      uniqueId: Array.from({ length: 21 }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join(""),
      asns: [...asns],
      scopes: [...scopes],
      createTime: timestampFromMs(clock.now()),
    });
    // The email of a revoked account may be used again; the old keys stay revoked.
    list.accounts = [...list.accounts.filter((other) => other.email !== email), account];
    return addKeyTo(account, init, clock);
  });
}

/** Adds a key to an account, so that keys can be rotated without downtime. */
export function addServiceAccountKey(
  directory: string,
  email: string,
  init: KeyFileInit,
  clock: Clock,
): Promise<KeyFile> {
  return changeServiceAccounts(directory, (list) => addKeyTo(accountOf(list, email), init, clock));
}

/** Removes a key. Tokens that were issued for it stop working. */
export function removeServiceAccountKey(directory: string, email: string, keyId: string): Promise<void> {
  return changeServiceAccounts(directory, (list) => {
    const account = accountOf(list, email);
    const left = account.keys.filter((key) => key.keyId !== keyId);
    if (left.length === account.keys.length) {
      throw new ServiceAccountsError(`${email} has no key ${keyId}`);
    }
    account.keys = left;
  });
}

/** Revokes an account. Its keys and tokens stop working. */
export function revokeServiceAccount(directory: string, email: string, clock: Clock): Promise<void> {
  return changeServiceAccounts(directory, (list) => {
    const account = accountOf(list, email);
    account.revokeTime = timestampFromMs(clock.now());
    account.keys = [];
  });
}

/** Links an account to an operator, or unlinks it. Resolves with the operators it is linked to now. */
export function linkServiceAccount(
  directory: string,
  email: string,
  asn: number,
  linked: boolean,
): Promise<readonly number[]> {
  return changeServiceAccounts(directory, (list) => {
    const account = accountOf(list, email);
    account.asns = [...account.asns.filter((other) => other !== asn), ...(linked ? [asn] : [])];
    return account.asns;
  });
}

function accountOf(list: ServiceAccounts, email: string): ServiceAccount {
  const account = list.accounts.find((each) => each.email === email && each.revokeTime === undefined);
  if (account === undefined) {
    throw new ServiceAccountsError(
      `the account ${email} does not exist; mdps service-account list shows all accounts`,
    );
  }
  return account;
}

async function addKeyTo(account: ServiceAccount, init: KeyFileInit, clock: Clock): Promise<KeyFile> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const keyId = randomBytes(20).toString("hex");
  account.keys.push(
    create(ServiceAccountKeySchema, {
      keyId,
      publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
      createTime: timestampFromMs(clock.now()),
    }),
  );
  return {
    type: "service_account",
    project_id: projectId,
    private_key_id: keyId,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client_email: account.email,
    client_id: account.uniqueId,
    token_uri: `${init.url}/token`,
    universe_domain: init.universeDomain,
  };
}
