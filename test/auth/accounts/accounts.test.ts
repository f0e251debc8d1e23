import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  readServiceAccounts,
  ServiceAccountsError,
  serviceAccountsPath,
  watchServiceAccounts,
} from "../../../src/auth/accounts/accounts.ts";
import {
  addServiceAccountKey,
  createServiceAccount,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../../src/auth/accounts/admin.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { createTestClock } from "../../support/test-clock.ts";

const clock = createTestClock();
const email = "dpa@example.com";
const account = { email, asns: [65001], scopes: [pushScope] };
const init = { url: "https://mdps.example.com", universeDomain: "googleapis.com" };
const make = (directory: string, more: object = {}) =>
  createServiceAccount(directory, { ...account, ...more }, init, clock);

describe("a new account", () => {
  it("has a key file of Google's form, for this server", async () => {
    expect(await make(await dataDirectory())).toEqual({
      type: "service_account",
      project_id: "mobile-data-plan-sharing",
      private_key_id: expect.stringMatching(/^[0-9a-f]{40}$/),
      private_key: expect.stringMatching(
        /^-----BEGIN PRIVATE KEY-----\n[\s\S]+\n-----END PRIVATE KEY-----\n$/,
      ),
      client_email: email,
      client_id: expect.stringMatching(/^[1-9]\d{20}$/),
      token_uri: "https://mdps.example.com/token",
      universe_domain: "googleapis.com",
    });
  });

  it("leaves nothing of its private key in the data directory", async () => {
    const directory = await dataDirectory();
    const { private_key } = await make(directory);
    const [, body = ""] = private_key.split("\n");
    for (const name of await readdir(directory)) {
      const text = await readFile(join(directory, name), "utf8");
      expect(text).not.toContain("PRIVATE");
      expect(text).not.toContain(body);
    }
  });

  it("is kept in a file for the owner alone", async () => {
    const directory = await dataDirectory();
    await make(directory);
    expect((await stat(serviceAccountsPath(directory))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["service-accounts.json"]);
  });

  it("must not have the name of another", async () => {
    const directory = await dataDirectory();
    await make(directory);
    await expect(make(directory)).rejects.toThrow("there is an account dpa@example.com already");
    expect(readServiceAccounts(directory).accounts).toHaveLength(1);
  });

  it("may have the name of one that was revoked, whose keys stay out", async () => {
    const directory = await dataDirectory();
    const old = await make(directory);
    await revokeServiceAccount(directory, email, clock);
    const { private_key_id } = await make(directory);
    expect(watchServiceAccounts(directory)(email)?.keys.map(({ keyId }) => keyId)).toEqual([private_key_id]);
    expect(private_key_id).not.toBe(old.private_key_id);
  });

  it("is there once of many that are made at once, and so is each of the others", async () => {
    const directory = await dataDirectory();
    const names = ["a@x", "b@x", "c@x", "a@x"];
    const results = await Promise.allSettled(names.map((name) => make(directory, { email: name })));
    expect(results.map(({ status }) => status).toSorted()).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    const kept = readServiceAccounts(directory).accounts.map((each) => each.email);
    expect(kept.toSorted()).toEqual(["a@x", "b@x", "c@x"]);
  });
});

describe("a look-up that was made before", () => {
  it("finds a new account at once", async () => {
    const directory = await dataDirectory();
    const find = watchServiceAccounts(directory);
    expect(find(email)).toBeUndefined();
    await make(directory);
    expect(find(email)).toMatchObject({ email, asns: new Set([65001]), scopes: new Set([pushScope]) });
  });

  it("sees links, keys and the revocation of an account soon", async () => {
    const directory = await dataDirectory();
    const { private_key_id: first } = await make(directory);
    const find = watchServiceAccounts(directory);
    const keys = () => find(email)?.keys.map(({ keyId }) => keyId);
    expect(await linkServiceAccount(directory, email, 65002, true)).toEqual([65001, 65002]);
    await expect.poll(() => find(email)?.asns).toEqual(new Set([65001, 65002]));
    expect(await linkServiceAccount(directory, email, 65001, false)).toEqual([65002]);
    await expect.poll(() => find(email)?.asns).toEqual(new Set([65002]));
    const { private_key_id: second } = await addServiceAccountKey(directory, email, init, clock);
    await expect.poll(keys).toEqual([first, second]);
    await removeServiceAccountKey(directory, email, first);
    await expect.poll(keys).toEqual([second]);
    await revokeServiceAccount(directory, email, clock);
    await expect.poll(() => find(email)).toBeUndefined();
  });

  it("fails closed while the list cannot be read, and recovers", async () => {
    const directory = await dataDirectory();
    await make(directory);
    const find = watchServiceAccounts(directory);
    const path = serviceAccountsPath(directory);
    const good = await readFile(path, "utf8");
    await writeFile(path, "{");
    const look = async () => find(email);
    await expect
      .poll(() =>
        look().then(
          () => "found",
          () => "failed",
        ),
      )
      .toBe("failed");
    const refusal = await apiErrorOf(look());
    expect(refusal).toMatchObject({ code: "Unavailable", reason: "CREDENTIALS_UNVERIFIABLE" });
    expect(refusal.message).toBe("the service accounts cannot be read now");
    await writeFile(path, good);
    await expect
      .poll(() =>
        look().then(
          () => "found",
          () => "failed",
        ),
      )
      .toBe("found");
  });
});

describe("a change", () => {
  it.each<[string, (directory: string) => Promise<unknown>, RegExp]>([
    [
      "of an account that does not exist",
      (it) => linkServiceAccount(it, "no@x", 1, true),
      /^there is no account no@x/,
    ],
    ["of a key that does not exist", (it) => removeServiceAccountKey(it, email, "k"), /has no key k$/],
  ])("%s is refused", async (_, change, message) => {
    const directory = await dataDirectory();
    await make(directory);
    await expect(change(directory)).rejects.toThrow(message);
  });

  it("of a revoked account is refused", async () => {
    const directory = await dataDirectory();
    await make(directory);
    await revokeServiceAccount(directory, email, clock);
    await expect(addServiceAccountKey(directory, email, init, clock)).rejects.toThrow("there is no account");
    await expect(revokeServiceAccount(directory, email, clock)).rejects.toThrow("there is no account");
  });

  it("that would link twice links once", async () => {
    const directory = await dataDirectory();
    await make(directory);
    expect(await linkServiceAccount(directory, email, 65001, true)).toEqual([65001]);
    expect(await linkServiceAccount(directory, email, 65009, false)).toEqual([65001]);
  });

  it("waits for another one, and says so if that does not end", async () => {
    const directory = await dataDirectory();
    await make(directory);
    const lock = `${serviceAccountsPath(directory)}.lock`;
    await writeFile(lock, "");
    await expect(revokeServiceAccount(directory, email, clock)).rejects.toThrow(`remove ${lock}`);
    expect(watchServiceAccounts(directory)(email)).toBeDefined();
  });
});

describe("a list that cannot be used is refused, and says what to do", () => {
  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /is no list of service accounts: .*Restore it from a backup/],
    ["another JSON", "[]", /is no list of service accounts/],
    [
      "an unknown member",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","admin":true}]}',
      /key "admin" is unknown/,
    ],
    [
      "an account without a name",
      '{"accounts":[{"uniqueId":"100000000000000000000"}]}',
      /accounts\[0\]\.email/,
    ],
    [
      "an operator that is none",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","asns":[0]}]}',
      /asns\[0\]/,
    ],
    [
      "an account twice",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000"},{"email":"a@x","uniqueId":"100000000000000000000"}]}',
      /an account must not be listed twice/,
    ],
    [
      "a key that is none",
      '{"accounts":[{"email":"a@x","uniqueId":"100000000000000000000","keys":[{"keyId":"k","publicKey":"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----"}]}]}',
      /is no list of service accounts/,
    ],
  ])("%s", async (_, text, message) => {
    const directory = await dataDirectory();
    await writeFile(serviceAccountsPath(directory), text, { mode: 0o600 });
    expect(() => watchServiceAccounts(directory)).toThrow(ServiceAccountsError);
    expect(() => watchServiceAccounts(directory)).toThrow(message);
  });

  it("one that others can write", async () => {
    const directory = await dataDirectory();
    await make(directory, { scopes: [readScope] });
    const path = serviceAccountsPath(directory);
    await chmod(path, 0o620);
    expect(() => watchServiceAccounts(directory)).toThrow(`Run: chmod 600 ${path}`);
  });
});
