import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readKeyFile, requireGoogleKey } from "../../src/client/credentials/key-file.ts";
import { googleCredentials, type ServiceAccountKeyFile } from "../../src/client/index.ts";
import { dataDirectory } from "../support/data-directory.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const passphrase = { cipher: "aes-256-cbc", passphrase: "x" } as const;
const key: ServiceAccountKeyFile = {
  type: "service_account",
  client_email: "pusher@mdps.example.com",
  private_key: pem,
  token_uri: "https://mdps.example.com/token",
};

async function fileWith(content: unknown): Promise<string> {
  const file = join(await dataDirectory(), "key.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const withKey = (private_key: string) => ({ ...key, private_key });

describe("readKeyFile", () => {
  it("returns a key that can work", async () => {
    expect(await readKeyFile(await fileWith(key))).toEqual(key);
    expect(await readKeyFile(await fileWith({ ...key, type: undefined }))).toEqual(key);
    const pkcs1 = withKey(privateKey.export({ type: "pkcs1", format: "pem" }).toString());
    expect(await readKeyFile(await fileWith(pkcs1))).toEqual(pkcs1);
  });

  it.each(["authorized_user", "external_account", "impersonated_service_account"])(
    "returns other credentials of Google's library: %s",
    async (type) => {
      expect(await readKeyFile(await fileWith({ type }))).toEqual({ type });
    },
  );

  it.each<[string, unknown, string]>([
    [
      "is empty, as after a command that failed",
      "\n",
      " is empty: the command that should have written it has failed",
    ],
    ["is no JSON", "{", " is not valid JSON"],
    ["is a bare key", pem, " is a bare key in PEM: pass the whole JSON file"],
    ["is an empty list", [], " must be the JSON object of one key, not a list"],
    ["is a list of keys", [key], " must be the JSON object of one key, not a list"],
    ["is a text", '"key"', " must be the JSON object of one key, not a single value"],
    ["is null", "null", " must be the JSON object of one key, not a single value"],
    ["is that of an installed OAuth client", { installed: {} }, " is that of an OAuth client"],
    ["is that of an OAuth client for the web", { web: {} }, " is that of an OAuth client"],
    ["has another type", { ...key, type: "serviceaccount" }, " has a type other than service_account"],
    ["has no email", { ...key, client_email: undefined }, " has no client_email"],
    ["has no private key", { ...key, private_key: "" }, " has no private_key"],
    [
      "has the two characters \\n",
      withKey(pem.replaceAll("\n", "\\n")),
      ": private_key has the two characters \\n",
    ],
    [
      "has \\r\\n as text",
      withKey(pem.replaceAll("\n", "\\r\\n")),
      ": private_key has the two characters \\n",
    ],
    [
      "has a public key",
      withKey(publicKey.export({ type: "spki", format: "pem" }).toString()),
      ": private_key is a public key",
    ],
    [
      "has an encrypted key",
      withKey(privateKey.export({ type: "pkcs8", format: "pem", ...passphrase }).toString()),
      ": private_key is encrypted",
    ],
    [
      "has an encrypted key in the old format",
      withKey(privateKey.export({ type: "pkcs1", format: "pem", ...passphrase }).toString()),
      ": private_key is encrypted",
    ],
    ["has a key that is cut off", withKey(pem.slice(0, 300)), ": private_key is not a private key in PEM"],
    [
      "has a key without lines",
      withKey(pem.replaceAll("\n", " ")),
      ": private_key is not a private key in PEM",
    ],
    [
      "has a key of another kind",
      withKey(
        generateKeyPairSync("ec", { namedCurve: "P-256" })
          .privateKey.export({ type: "pkcs8", format: "pem" })
          .toString(),
      ),
      ": private_key must be an RSA key",
    ],
    ["has a token_uri without a scheme", { ...key, token_uri: "mdps.example.com" }, ": token_uri: "],
    ["has a token_uri in cleartext", { ...key, token_uri: "http://mdps.example.com" }, ": token_uri: "],
  ])("rejects a file that %s, without quoting the key", async (_, content, message) => {
    const file = await fileWith(content);
    const error = await readKeyFile(file).catch((cause: unknown) => cause as Error);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(`the key file ${file}${message}`);
    expect((error as Error).message).not.toContain(pem.slice(40, 60));
    const rejected = googleCredentials(file)();
    await expect(rejected).rejects.toThrow(TypeError);
    await expect(rejected).rejects.toThrow((error as Error).message);
  });

  it("rejects a file that does not exist", async () => {
    await expect(readKeyFile("/nowhere/key.json")).rejects.toThrow(
      "the key file /nowhere/key.json does not exist",
    );
  });
});

describe("requireGoogleKey", () => {
  it.each([
    {},
    { token_uri: "https://oauth2.googleapis.com/token", universe_domain: "googleapis.com" },
    { token_uri: "https://accounts.google.com/o/oauth2/token" },
  ])("accepts a key of Google: %j", (change) => {
    const { token_uri: _, ...rest } = key;
    expect(() => requireGoogleKey({ ...rest, ...change }, "the key file")).not.toThrow();
  });

  it.each([
    ["mdps.example.com", {}],
    ["oauth2.googleapis.com.example.com", { token_uri: "https://oauth2.googleapis.com.example.com/token" }],
    ["mdps.internal", { token_uri: "https://oauth2.googleapis.com/token", universe_domain: "mdps.internal" }],
  ])("throws TypeError for a key of another server: %s", (owner, change) => {
    expect(() => requireGoogleKey({ ...key, ...change }, "the key file x")).toThrow(
      `the key file x is for ${owner}, but the endpoint is Google's: use the key that Google provided`,
    );
  });
});
