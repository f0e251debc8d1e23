import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromJsonString } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import {
  type ServiceAccounts,
  ServiceAccountsSchema,
} from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";

/** A service account that is not revoked. */
export type ServiceAccount = {
  readonly email: string;
  readonly asns: ReadonlySet<number>;
  readonly scopes: ReadonlySet<string>;
  readonly keys: readonly { readonly keyId: string; readonly publicKey: KeyObject }[];
};

/** Returns the account of that name, unless there is none or it was revoked. */
export type FindServiceAccount = (email: string) => ServiceAccount | undefined;

/** Raised when the list of service accounts cannot be used; the message says what to do. */
export class ServiceAccountsError extends Error {
  override readonly name = "ServiceAccountsError";
}

/** How long a change of the file may go unnoticed, in ms. A look at it costs microseconds, but each call would. */
const noticeMs = 250;

const validator = createValidator();

/** Returns where a data directory lists its service accounts. */
export function serviceAccountsPath(directory: string): string {
  return join(directory, "service-accounts.json");
}

/**
 * Reads the list of a data directory; without a file it is empty. Raises ServiceAccountsError if it is damaged, or if
 * others than its owner could write it: who can, decides who may push.
 */
export function readServiceAccounts(directory: string): ServiceAccounts {
  const path = serviceAccountsPath(directory);
  let text = "{}";
  try {
    if (process.platform !== "win32" && (statSync(path).mode & 0o022) !== 0) {
      throw new ServiceAccountsError(
        `${path} can be written by others than its owner. Run: chmod 600 ${path}`,
      );
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof ServiceAccountsError) {
      throw error;
    }
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw new ServiceAccountsError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }
  try {
    const list = fromJsonString(ServiceAccountsSchema, text);
    const { violations } = validator.validate(ServiceAccountsSchema, list);
    if (violations !== undefined && violations.length > 0) {
      throw new Error(violations.map(String).join("; "));
    }
    // Raises what is no key.
    indexed(list);
    return list;
  } catch (cause) {
    throw new ServiceAccountsError(
      `${path} is no list of service accounts: ${(cause as Error).message}. Restore it from a backup.`,
      { cause },
    );
  }
}

/**
 * Creates the look-up of the accounts of a data directory. It notices changes within a quarter of a second, so that
 * `mdps service-account` needs no restart. Raises ServiceAccountsError; once it has begun, a list that cannot be read
 * makes it throw CREDENTIALS_UNVERIFIABLE until it can.
 */
export function watchServiceAccounts(directory: string): FindServiceAccount {
  const path = serviceAccountsPath(directory);
  let seen = markOf(path);
  let accounts = indexed(readServiceAccounts(directory));
  let lookAgain = performance.now() + noticeMs;

  function refresh(): void {
    lookAgain = performance.now() + noticeMs;
    try {
      const mark = markOf(path);
      if (mark !== seen) {
        accounts = indexed(readServiceAccounts(directory));
        seen = mark;
      }
    } catch (cause) {
      // Nothing is remembered: the next call tries again.
      lookAgain = 0;
      throw apiError(ErrorReason.CREDENTIALS_UNVERIFIABLE, {
        message: "the service accounts cannot be read now",
        retryAfterMs: 1_000,
        cause,
      });
    }
  }

  return (email) => {
    // An account that is not there may have been made this moment.
    if (!accounts.has(email) || performance.now() >= lookAgain) {
      refresh();
    }
    return accounts.get(email);
  };
}

/** Differs after each change: the file is always replaced, never written into. */
function markOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}`;
}

function indexed(list: ServiceAccounts): ReadonlyMap<string, ServiceAccount> {
  const current = list.accounts.filter(({ revokeTime }) => revokeTime === undefined);
  return new Map(
    current.map(({ email, asns, scopes, keys }) => [
      email,
      {
        email,
        asns: new Set(asns),
        scopes: new Set(scopes),
        keys: keys.map(({ keyId, publicKey }) => ({ keyId, publicKey: createPublicKey(publicKey) })),
      },
    ]),
  );
}
