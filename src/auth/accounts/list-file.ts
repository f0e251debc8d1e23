import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { create, fromJsonString, toJson } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import {
  type ServiceAccounts,
  ServiceAccountsSchema,
} from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";
import { isOutOfSpace, isSystemError, messageOfFileError } from "../../contract/file-error.ts";
import { makePrivateDirectories, ownerAdvice } from "../../contract/file-owner.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import { scopeSet } from "../scopes.ts";
import { replaceSecretInAnyCase } from "../secret-file.ts";
import { ServiceAccountsError } from "./accounts-error.ts";

/** A service account that is not revoked. */
export type ServiceAccount = {
  readonly email: string;
  /** Operators that the account may act for. */
  readonly asns: ReadonlySet<number>;
  readonly scopes: ReadonlySet<string>;
  readonly keys: readonly { readonly keyId: string; readonly publicKey: KeyObject }[];
};

/** Time between two attempts to take the lock, in milliseconds. */
const lockPauseMs = 50;

const validator = createValidator();

/** Returns the path of the list of service accounts of a data directory. */
export function serviceAccountsPath(directory: string): string {
  return join(directory, "service-accounts.json");
}

/**
 * Reads the list of a data directory; without a file it is empty. Throws ServiceAccountsError if the file is damaged,
 * or if others than its owner can write it: they could decide which accounts may push.
 */
export function readServiceAccounts(directory: string): ServiceAccounts {
  const path = serviceAccountsPath(directory);
  let isShared = false;
  let text: string;
  try {
    isShared = process.platform !== "win32" && (statSync(path).mode & 0o022) !== 0;
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      // Not checked: the first check compiles the rules, which takes as long as the rest of a start.
      return create(ServiceAccountsSchema);
    }
    throw new ServiceAccountsError(
      `${path} cannot be read: ${(error as Error).message}${ownerAdvice(path)}`,
      { cause: error },
    );
  }
  if (isShared) {
    throw new ServiceAccountsError(`${path} can be written by others than its owner. Run: chmod 600 ${path}`);
  }
  try {
    const list = fromJsonString(ServiceAccountsSchema, text);
    const { violations } = validator.validate(ServiceAccountsSchema, list);
    if (violations !== undefined && violations.length > 0) {
      throw new Error(violations.map(String).join("; "));
    }
    // Throws for a public key that cannot be read.
    accountsByEmail(list);
    return list;
  } catch (cause) {
    const { message } = cause as Error;
    throw new ServiceAccountsError(
      `${path} is not a valid list of service accounts: ${message}${suggestKey(message)}. Restore it from a backup.`,
      { cause },
    );
  }
}

/** Returns the end of the message about an unknown key: it suggests a similar one. */
function suggestKey(message: string): string {
  const [, key] = /: key "(\w+)" is unknown$/.exec(message) ?? [];
  const fields = ServiceAccountsSchema.file.messages.flatMap((each) => each.fields);
  return key === undefined
    ? ""
    : didYouMean(
        closestMatch(
          key,
          fields.map(({ jsonName }) => jsonName),
        ),
      );
}

/** Returns the accounts of a list that are not revoked. */
export function accountsByEmail(list: ServiceAccounts): ReadonlyMap<string, ServiceAccount> {
  const current = list.accounts.filter(({ revokeTime }) => revokeTime === undefined);
  return new Map(
    current.map(({ email, asns, scopes, keys }) => [
      email,
      {
        email,
        asns: new Set(asns),
        scopes: scopeSet(scopes),
        keys: keys.map(({ keyId, publicKey }) => ({ keyId, publicKey: createPublicKey(publicKey) })),
      },
    ]),
  );
}

/**
 * Changes the list of service accounts of a data directory: reads it, calls `change` with it, and replaces the file
 * atomically. Changes from several programs run one after the other, each waiting up to `lockTimeoutMs` for the
 * others. If `change` throws, the file does not change. Rejects with ServiceAccountsError.
 */
export async function changeServiceAccounts<Result>(
  directory: string,
  change: (list: ServiceAccounts) => Result | Promise<Result>,
  { lockTimeoutMs = 2_000 } = {},
): Promise<Result> {
  const path = serviceAccountsPath(directory);
  const lock = `${path}.lock`;
  try {
    makePrivateDirectories(directory);
    await takeLock(path, lock, lockTimeoutMs / lockPauseMs);
    try {
      const list = readServiceAccounts(directory);
      const result = await change(list);
      const text = JSON.stringify(toJson(ServiceAccountsSchema, list), undefined, 2);
      await replaceSecretInAnyCase(path, `${text}\n`);
      return result;
    } finally {
      await rm(lock, { force: true });
    }
  } catch (error) {
    if (!isSystemError(error)) {
      throw error;
    }
    throw new ServiceAccountsError(`${path} cannot be changed: ${messageOfFileError(error)}`, {
      cause: error,
    });
  }
}

async function takeLock(path: string, lock: string, pauses: number): Promise<void> {
  for (let pause = 1; ; pause += 1) {
    try {
      await createLock(path, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
      if (pause > pauses) {
        throw new ServiceAccountsError(
          `another program is changing the service accounts. If none is running, remove ${lock}`,
        );
      }
      await setTimeout(lockPauseMs);
    }
  }
}

async function createLock(path: string, lock: string): Promise<void> {
  try {
    await (await open(lock, "wx", 0o600)).close();
  } catch (error) {
    if (!isOutOfSpace(error)) {
      throw error;
    }
    // Another name of a file needs less than another file.
    await link(path, lock);
  }
}
