import { statSync } from "node:fs";
import { unverifiable } from "../verified-token.ts";
import {
  accountsByEmail,
  readServiceAccounts,
  type ServiceAccount,
  serviceAccountsPath,
} from "./list-file.ts";

/** Returns the account with that email, or undefined if it does not exist or is revoked. */
export type FindServiceAccount = (email: string) => ServiceAccount | undefined;

/**
 * Creates the lookup of the accounts of a data directory. It notices changes that `mdps service-account` makes within
 * `checkIntervalMs`. Throws ServiceAccountsError. While the list cannot be read later, the lookup throws
 * CREDENTIALS_UNVERIFIABLE.
 */
export function watchServiceAccounts(directory: string, { checkIntervalMs = 250 } = {}): FindServiceAccount {
  const path = serviceAccountsPath(directory);
  let version = fileVersion(path);
  let accounts = accountsByEmail(readServiceAccounts(directory));
  let nextCheck = performance.now() + checkIntervalMs;

  function refresh(): void {
    nextCheck = performance.now() + checkIntervalMs;
    try {
      const current = fileVersion(path);
      if (current === "" && version !== "") {
        // Not an empty list, which would reject every account for good: the data directory may have been moved.
        throw new Error(`${path} was removed`);
      }
      if (current !== version) {
        accounts = accountsByEmail(readServiceAccounts(directory));
        version = current;
      }
    } catch (cause) {
      // The next call tries again.
      nextCheck = 0;
      throw unverifiable("the list of service accounts cannot be read now", cause);
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
