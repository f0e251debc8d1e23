import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import {
  type ServiceAccounts,
  ServiceAccountsSchema,
} from "../../../gen/mobiledataplansharing/config/v1/service_accounts_pb.ts";
import { readServiceAccounts, ServiceAccountsError, serviceAccountsPath } from "./accounts.ts";

/** How often, and how long in ms each time, another program that changes the list is waited for. */
const lockAttempts = 40;
const lockPauseMs = 50;

/**
 * Changes the list of service accounts of a data directory: reads it, lets `change` change it, and replaces it as a
 * whole, durably. One program at a time; a `change` that throws changes nothing. Rejects with ServiceAccountsError.
 */
export async function changeServiceAccounts<Result>(
  directory: string,
  change: (list: ServiceAccounts) => Result | Promise<Result>,
): Promise<Result> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = `${serviceAccountsPath(directory)}.lock`;
  await takeLock(lock);
  try {
    const list = readServiceAccounts(directory);
    const result = await change(list);
    await replace(directory, `${JSON.stringify(toJson(ServiceAccountsSchema, list), undefined, 2)}\n`);
    return result;
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw new ServiceAccountsError(`${lock} cannot be made: ${(error as Error).message}`, {
          cause: error,
        });
      }
      if (attempt === lockAttempts) {
        throw new ServiceAccountsError(
          `another program is changing the service accounts. If there is none, remove ${lock}`,
        );
      }
      await setTimeout(lockPauseMs);
    }
  }
}

async function replace(directory: string, text: string): Promise<void> {
  const draft = join(directory, `.service-accounts-${randomUUID()}`);
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, serviceAccountsPath(directory));
    const folder = await open(directory, "r");
    // Windows cannot sync a folder.
    await folder.sync().catch(() => undefined);
    await folder.close();
  } finally {
    await rm(draft, { force: true });
  }
}
