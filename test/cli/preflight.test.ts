import { describe, expect, it } from "vitest";
import { runPreflight } from "../../src/cli/preflight.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { testCertificateFiles } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";

describe("preflight of a certificate", () => {
  const { cert, key } = testCertificateFiles;
  const flags = new Map([
    ["listen.tlsCert", cert],
    ["listen.tlsKey", key],
  ]);
  const expiry = new Date("2120-01-01T00:00:00Z");

  it.each([
    ["reports nothing 40 days before the expiry", 40, [], []],
    ["warns 20 days before the expiry", 20, [], [/^listen\.tlsCert: .* expires on 2120-/]],
    ["reports an error after the expiry", -2, [/^listen\.tlsCert: .* expired on 2120-/], []],
  ])("%s", async (_, days, errors, warnings) => {
    const resolved = resolveConfig({
      dataDirectory: await dataDirectory(),
      commandLine: { flags, sets: [] },
    });
    expect(await runPreflight(resolved, new Date(expiry.getTime() - days * 86_400_000))).toEqual({
      errors: errors.map((pattern) => expect.stringMatching(pattern)),
      warnings: warnings.map((pattern) => expect.stringMatching(pattern)),
    });
  });
});

describe("preflight of a server behind a proxy", () => {
  const mapping =
    /^auth\.publicUrls: a proxy must remove the path of https:\/\/example\.com\/mdps from the requests/;
  const unlisted = /^listen\.trustedProxies: no proxy is listed/;

  it.each<[string, Record<string, string | string[]>, string[], RegExp[]]>([
    [
      "reports nothing for a public URL without a path",
      { "auth.publicUrls": ["https://example.com"] },
      [],
      [],
    ],
    [
      "warns that a proxy must remove the path of a public URL",
      { "auth.publicUrls": ["https://example.com/mdps/"] },
      [],
      [mapping],
    ],
    ["warns about cleartext without trusted proxies", { "listen.allowCleartext": "true" }, [], [unlisted]],
    [
      "reports nothing for cleartext from a trusted proxy",
      { "listen.allowCleartext": "true" },
      ["listen.trustedProxies=10.0.0.0/8"],
      [],
    ],
  ])("%s", async (_, flags, sets, warnings) => {
    const resolved = resolveConfig({
      dataDirectory: await dataDirectory(),
      commandLine: { flags: new Map(Object.entries(flags)), sets },
    });
    expect(await runPreflight(resolved)).toEqual({
      errors: [],
      warnings: warnings.map((pattern) => expect.stringMatching(pattern)),
    });
  });
});

describe("preflight of the store", () => {
  it.each([
    ["memory:", /^storage\.store: memory: is only for mdps dev.* use sqlite:DIRECTORY/],
    ["memory:x", /^storage\.store: memory: is only for mdps dev/],
    ["mysql://h/db", /^storage\.store: must be sqlite:DIRECTORY/],
  ])("reports that %s is not a store of a server", async (store, error) => {
    const resolved = resolveConfig({
      dataDirectory: await dataDirectory(),
      commandLine: { flags: new Map([["storage.store", store]]), sets: [] },
    });
    expect((await runPreflight(resolved)).errors).toEqual([expect.stringMatching(error)]);
  });
});
