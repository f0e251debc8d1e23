import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  addServiceAccountKey,
  createServiceAccount,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../../src/auth/accounts/administration.ts";
import { readServiceAccounts, serviceAccountsPath } from "../../../src/auth/accounts/list-file.ts";
import { watchServiceAccounts } from "../../../src/auth/accounts/lookup.ts";
import { pushScope } from "../../../src/auth/scopes.ts";
import { addAccount } from "../../support/auth/service-accounts.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { createTestClock } from "../../support/test-clock.ts";

const clock = createTestClock();
const email = "dpa@example.com";
const account = { email, asns: [65001], scopes: [pushScope] };
const init = { url: "https://mdps.example.com", universeDomain: "googleapis.com" };
const createAccount = (directory: string, more: object = {}) =>
  createServiceAccount(directory, { ...account, ...more }, init, clock);

describe("createServiceAccount", () => {
  it("returns a key file in Google's format and writes no private key to the data directory", async () => {
    const directory = await dataDirectory();
    const keyFile = await createAccount(directory);
    expect(keyFile).toEqual({
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
    const [, body = ""] = keyFile.private_key.split("\n");
    for (const name of await readdir(directory)) {
      const text = await readFile(join(directory, name), "utf8");
      expect(text).not.toContain("PRIVATE");
      expect(text).not.toContain(body);
    }
  });

  it("writes a list that only its owner can read, and leaves no draft behind", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    expect((await stat(serviceAccountsPath(directory))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["service-accounts.json"]);
  });

  it("rejects the email of another account", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    await expect(createAccount(directory)).rejects.toThrow("the account dpa@example.com already exists");
    expect(readServiceAccounts(directory).accounts).toHaveLength(1);
  });

  it("accepts the email of a revoked account without bringing back its keys", async () => {
    const directory = await dataDirectory();
    const old = await addAccount(directory, email);
    await revokeServiceAccount(directory, email, clock);
    const { private_key_id } = await createAccount(directory);
    expect(watchServiceAccounts(directory)(email)?.keys.map(({ keyId }) => keyId)).toEqual([private_key_id]);
    expect(private_key_id).not.toBe(old);
  });

  it("creates each account once when several programs create accounts at the same time", async () => {
    const directory = await dataDirectory();
    const names = ["a@x", "b@x", "c@x", "a@x"];
    const results = await Promise.allSettled(names.map((name) => createAccount(directory, { email: name })));
    expect(results.map(({ status }) => status).toSorted()).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    const emails = readServiceAccounts(directory).accounts.map((each) => each.email);
    expect(emails.toSorted()).toEqual(["a@x", "b@x", "c@x"]);
  });
});

describe("a change of service accounts", () => {
  it.each<[string, (directory: string) => Promise<unknown>, RegExp]>([
    [
      "the account does not exist",
      (it) => linkServiceAccount(it, "no@x", 1, true),
      /^the account no@x does not exist/,
    ],
    ["the key does not exist", (it) => removeServiceAccountKey(it, email, "k"), /has no key k$/],
  ])("rejects a change when %s", async (_, change, message) => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    await expect(change(directory)).rejects.toThrow(message);
  });

  it("rejects a change of a revoked account", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    await revokeServiceAccount(directory, email, clock);
    await expect(addServiceAccountKey(directory, email, init, clock)).rejects.toThrow("does not exist");
    await expect(revokeServiceAccount(directory, email, clock)).rejects.toThrow("does not exist");
  });

  it("links an account once when it is linked twice, and accepts unlinking an operator that is not linked", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    expect(await linkServiceAccount(directory, email, 65001, true)).toEqual([65001]);
    expect(await linkServiceAccount(directory, email, 65009, false)).toEqual([65001]);
  });
});
