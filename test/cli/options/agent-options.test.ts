import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CredentialFlags, credentialsOf } from "../../../src/cli/options/agent-options.ts";
import { readCertificates } from "../../../src/cli/options/option-files.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";
import { testCertificate, testCertificateFiles } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";

afterEach(() => vi.unstubAllEnvs());

const tokenUrl = "https://auth.example.com/token";

/** Writes a file of credentials and returns its path. */
async function clientFile(content: unknown, name = "client.json"): Promise<string> {
  const file = join(await dataDirectory(), name);
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("the credentials of Google", () => {
  it("are a token, or none", async () => {
    expect(await credentialsOf({ token: "t" })).toEqual({ token: "t" });
    expect(await credentialsOf({})).toBeUndefined();
  });

  it("are read from one or two files, or from the environment", async () => {
    const first = await clientFile({ client_id: "a", client_secret: "1", other: true });
    const second = await clientFile({ client_id: "b", client_secret: "2" });
    expect(await credentialsOf({ tokenUrl, oauthClient: [first, second] })).toEqual({
      tokenUrl,
      clients: [
        { id: "a", secret: "1" },
        { id: "b", secret: "2" },
      ],
    });
    vi.stubEnv("MDPS_DPA_CLIENT_ID", "c");
    vi.stubEnv("MDPS_DPA_CLIENT_SECRET", "3");
    expect(await credentialsOf({ tokenUrl })).toEqual({ tokenUrl, clients: [{ id: "c", secret: "3" }] });
  });

  it.each<[CredentialFlags, string]>([
    [{ token: "t", tokenUrl }, "--token and --token-url: pass one of the two"],
    [{ oauthClient: ["f"] }, "--oauth-client: --token-url is required"],
    [{ tokenUrl }, "--token-url: no credentials: pass --oauth-client FILE, or set MDPS_DPA_CLIENT_ID"],
    [{ tokenUrl, oauthClient: ["a", "b", "c"] }, "--oauth-client: at most two pairs"],
    [{ tokenUrl, oauthClient: ["/no/file"] }, "--oauth-client /no/file: does not exist"],
  ])("are rejected if they contradict each other or are incomplete: %j", async (flags, message) => {
    const rejected = credentialsOf(flags);
    await expect(rejected).rejects.toThrow(UsageError);
    await expect(rejected).rejects.toThrow(message);
  });

  it.each([
    "s3cret",
    '{"client_secret": "s3cret"',
    { client_secret: "s3cret" },
    { client_id: 5, client_secret: "s3cret" },
    null,
  ])("are rejected without quoting a file of another form: %j", async (content) => {
    const rejected = credentialsOf({ tokenUrl, oauthClient: [await clientFile(content)] });
    await expect(rejected).rejects.toThrow(
      "must be a JSON object with the strings client_id and client_secret",
    );
    await expect(rejected).rejects.not.toThrow("s3cret");
  });
});

describe("the certificates to trust", () => {
  it("are read from a file in PEM", async () => {
    expect(await readCertificates(testCertificateFiles.cert)).toBe(testCertificate.cert);
    expect(await readCertificates(undefined)).toBeUndefined();
  });

  it.each(["", "text", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"])(
    "are rejected if the file has none: %j",
    async (text) => {
      await expect(readCertificates(await clientFile(text))).rejects.toThrow(
        "must be one or more certificates in PEM",
      );
    },
  );

  it("are rejected with the name of the option if the file cannot be read", async () => {
    await expect(readCertificates("/no/file")).rejects.toThrow("--ca /no/file: does not exist");
  });
});
