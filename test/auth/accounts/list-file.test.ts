import { chmod, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ServiceAccountsError } from "../../../src/auth/accounts/accounts-error.ts";
import {
  changeServiceAccounts,
  readServiceAccounts,
  serviceAccountsPath,
} from "../../../src/auth/accounts/list-file.ts";
import { watchServiceAccounts } from "../../../src/auth/accounts/lookup.ts";
import { dataDirectory } from "../../support/data-directory.ts";

describe("the list of service accounts", () => {
  it.each<[string, string, RegExp]>([
    [
      "the list is not JSON",
      "{",
      /\/service-accounts\.json is not a valid list of service accounts: .*Restore it from a backup/,
    ],
    ["the list is an array", "[]", /is not a valid list of service accounts/],
    [
      "an account has an unknown member",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","admin":true}]}',
      /key "admin" is unknown/,
    ],
    [
      "an account has no email",
      '{"accounts":[{"uniqueId":"100000000000000000000"}]}',
      /accounts\[0\]\.email/,
    ],
    [
      "an account is linked to ASN 0",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","asns":[0]}]}',
      /asns\[0\]/,
    ],
    [
      "the list has an account twice",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000"},{"email":"a@x","uniqueId":"100000000000000000000"}]}',
      /an account must not be listed twice/,
    ],
    [
      "a public key cannot be read",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","keys":[{"keyId":"k","publicKey":"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----"}]}]}',
      /is not a valid list of service accounts/,
    ],
  ])("throws ServiceAccountsError when %s", async (_, text, message) => {
    const directory = await dataDirectory();
    await writeFile(serviceAccountsPath(directory), text, { mode: 0o600 });
    expect(() => watchServiceAccounts(directory)).toThrow(ServiceAccountsError);
    expect(() => watchServiceAccounts(directory)).toThrow(message);
  });

  it("throws ServiceAccountsError with the command to run when others can write the file", async () => {
    const directory = await dataDirectory();
    await changeServiceAccounts(directory, () => undefined);
    const path = serviceAccountsPath(directory);
    await chmod(path, 0o620);
    expect(() => watchServiceAccounts(directory)).toThrow(`Run: chmod 600 ${path}`);
  });

  it("leaves the list as it is when a change throws, and accepts the next change", async () => {
    const directory = await dataDirectory();
    const failing = changeServiceAccounts(directory, (list) => {
      list.accounts = [];
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await changeServiceAccounts(directory, (list) => list.accounts)).toEqual([]);
  });

  it("rejects a change, and names the lock file to remove, when another program holds the lock", async () => {
    const directory = await dataDirectory();
    const lock = `${serviceAccountsPath(directory)}.lock`;
    await writeFile(lock, "");
    const change = changeServiceAccounts(directory, () => expect.unreachable(), { lockTimeoutMs: 50 });
    await expect(change).rejects.toThrow(ServiceAccountsError);
    await expect(change).rejects.toThrow(`remove ${lock}`);
    expect(readServiceAccounts(directory).accounts).toEqual([]);
  });
});
