import { readFile, rename, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  addServiceAccountKey,
  linkServiceAccount,
  removeServiceAccountKey,
  revokeServiceAccount,
} from "../../../src/auth/accounts/administration.ts";
import { serviceAccountsPath } from "../../../src/auth/accounts/list-file.ts";
import { watchServiceAccounts } from "../../../src/auth/accounts/lookup.ts";
import { pushScope } from "../../../src/auth/scopes.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { addAccount } from "../../support/auth/service-accounts.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { createTestClock } from "../../support/test-clock.ts";

const clock = createTestClock();
const email = "dpa@example.com";
const init = { url: "https://mdps.example.com", universeDomain: "googleapis.com" };
const eachCall = { checkIntervalMs: 0 };

describe("the lookup of service accounts", () => {
  it("finds an account that was created a moment ago, whatever the check interval", async () => {
    const directory = await dataDirectory();
    const find = watchServiceAccounts(directory, { checkIntervalMs: Number.POSITIVE_INFINITY });
    expect(find(email)).toBeUndefined();
    await addAccount(directory, email);
    expect(find(email)).toMatchObject({ email, asns: new Set([65001]), scopes: new Set([pushScope]) });
  });

  it("returns the account as it was until the check interval has passed", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    const find = watchServiceAccounts(directory, { checkIntervalMs: Number.POSITIVE_INFINITY });
    await linkServiceAccount(directory, email, 65002, true);
    expect(find(email)?.asns).toEqual(new Set([65001]));
  });

  it("notices links, keys and the revocation of an account at its next check", async () => {
    const directory = await dataDirectory();
    const first = await addAccount(directory, email);
    const find = watchServiceAccounts(directory, eachCall);
    const keys = () => find(email)?.keys.map(({ keyId }) => keyId);
    expect(await linkServiceAccount(directory, email, 65002, true)).toEqual([65001, 65002]);
    expect(find(email)?.asns).toEqual(new Set([65001, 65002]));
    expect(await linkServiceAccount(directory, email, 65001, false)).toEqual([65002]);
    expect(find(email)?.asns).toEqual(new Set([65002]));
    const { private_key_id: second } = await addServiceAccountKey(directory, email, init, clock);
    expect(keys()).toEqual([first, second]);
    await removeServiceAccountKey(directory, email, first);
    expect(keys()).toEqual([second]);
    await revokeServiceAccount(directory, email, clock);
    expect(find(email)).toBeUndefined();
  });

  it("throws CREDENTIALS_UNVERIFIABLE while the list cannot be read, and recovers", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    const find = watchServiceAccounts(directory, eachCall);
    const path = serviceAccountsPath(directory);
    const good = await readFile(path, "utf8");
    await writeFile(path, "{");
    for (let call = 0; call < 2; call++) {
      const error = await apiErrorOf((async () => find(email))());
      expect(error).toMatchObject({ code: "Unavailable", reason: "CREDENTIALS_UNVERIFIABLE" });
      expect(error.message).toBe("the list of service accounts cannot be read now");
    }
    await writeFile(path, good);
    expect(find(email)).toMatchObject({ email });
  });

  it("throws CREDENTIALS_UNVERIFIABLE while the list or its directory is moved away, and recovers", async () => {
    const directory = await dataDirectory();
    await addAccount(directory, email);
    const find = watchServiceAccounts(directory, eachCall);
    for (const place of [serviceAccountsPath(directory), directory]) {
      await rename(place, `${place}.away`);
      const error = await apiErrorOf((async () => find(email))());
      expect(error).toMatchObject({ code: "Unavailable", reason: "CREDENTIALS_UNVERIFIABLE" });
      await rename(`${place}.away`, place);
      expect(find(email)).toMatchObject({ email });
    }
  });
});
