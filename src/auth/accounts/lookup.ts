import { statSync } from "node:fs";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError } from "../../contract/api-error.ts";
import {
  accountsByEmail,
  readServiceAccounts,
  type ServiceAccount,
  serviceAccountsPath,
} from "./list-file.ts";

/** Returns the account with that email, or undefined if it does not exist or is revoked. */
export type FindServiceAccount = (email: string) => ServiceAccount | undefined;

export type LookupOptions = {
  /**
   * How long a change of the file may stay unnoticed, in milliseconds. Defaults to 250: a check takes microseconds,
   * but would be due at each call.
   */
  checkIntervalMs?: number;
};

/**
 * Creates the lookup of the accounts of a data directory. It notices changes that `mdps service-account` makes. Throws
 * ServiceAccountsError. While the list cannot be read later, the lookup throws CREDENTIALS_UNVERIFIABLE.
 */
export function watchServiceAccounts(
  directory: string,
  { checkIntervalMs = 250 }: LookupOptions = {},
): FindServiceAccount {
  const path = serviceAccountsPath(directory);
  let version = fileVersion(path);
  let accounts = accountsByEmail(readServiceAccounts(directory));
  let nextCheck = performance.now() + checkIntervalMs;

  function refresh(): void {
    nextCheck = performance.now() + checkIntervalMs;
    try {
      const current = fileVersion(path);
      if (current !== version) {
        accounts = accountsByEmail(readServiceAccounts(directory));
        version = current;
      }
    } catch (cause) {
      // The next call tries again.
      nextCheck = 0;
      throw apiError(ErrorReason.CREDENTIALS_UNVERIFIABLE, {
        message: "the list of service accounts cannot be read now",
        retryAfterMs: 1_000,
        cause,
      });
    }
  }

  return function findServiceAccount(email) {
    // An unknown account may have been created just now.
    if (!accounts.has(email) || performance.now() >= nextCheck) {
      refresh();
    }
    return accounts.get(email);
  };
}

/** Differs after each change, because the file is always replaced and never edited in place. */
function fileVersion(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}`;
}
