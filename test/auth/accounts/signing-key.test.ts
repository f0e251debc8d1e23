import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSigningKey, SigningKeyError } from "../../../src/auth/accounts/signing-key.ts";
import { dataDirectory } from "../../support/data-directory.ts";

describe("the signing key of a data directory", () => {
  it("is made by whoever comes first, and stays", async () => {
    const directory = await dataDirectory();
    const first = await loadSigningKey(directory);
    const text = await readFile(join(directory, "signing-key.json"), "utf8");
    const second = await loadSigningKey(directory);
    expect(second.keyId).toBe(first.keyId);
    expect(await readFile(join(directory, "signing-key.json"), "utf8")).toBe(text);
  });

  it("is one, though many come at the same time, and no draft is left behind", async () => {
    const directory = await dataDirectory();
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadSigningKey(directory)));
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1);
    expect(await readdir(directory)).toEqual(["signing-key.json"]);
  });

  it("differs from that of another directory", async () => {
    const one = await loadSigningKey(await dataDirectory());
    const other = await loadSigningKey(await dataDirectory());
    expect(one.keyId).not.toBe(other.keyId);
  });

  it("makes the directory if it is not there, for its owner alone", async () => {
    const directory = join(await dataDirectory(), "a", "b");
    await loadSigningKey(directory);
    expect((await stat(directory)).mode & 0o077).toBe(0);
    expect((await stat(join(directory, "signing-key.json"))).mode & 0o777).toBe(0o600);
  });

  it("is not used when others can read it: the message says what to run", async () => {
    const directory = await dataDirectory();
    await loadSigningKey(directory);
    const path = join(directory, "signing-key.json");
    await chmod(path, 0o640);
    await expect(loadSigningKey(directory)).rejects.toThrow(
      new SigningKeyError(`${path} can be read by others than its owner. Run: chmod 600 ${path}`),
    );
  });

  it.each([
    ["no JSON", "garbage"],
    ["nothing", ""],
    ["no key", "{}"],
    ["a key without its secret part", '{"kty":"EC","crv":"P-256","kid":"1","x":"AA"}'],
    ["a key whose parts do not fit", '{"kty":"EC","crv":"P-256","kid":"1","x":"AA","y":"AA","d":"AA"}'],
  ])("is refused when its file holds %s", async (_, content) => {
    const directory = await dataDirectory();
    const path = join(directory, "signing-key.json");
    await writeFile(path, content, { mode: 0o600 });
    await expect(loadSigningKey(directory)).rejects.toThrow(SigningKeyError);
    await expect(loadSigningKey(directory)).rejects.toThrow(`${path} is no signing key. Restore it`);
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("is refused when a directory is in its place", async () => {
    const directory = await dataDirectory();
    await mkdir(join(directory, "signing-key.json"), { mode: 0o700 });
    await expect(loadSigningKey(directory)).rejects.toThrow(SigningKeyError);
  });

  it("cannot be made where a file is in the place of the directory", async () => {
    const file = join(await dataDirectory(), "file");
    await writeFile(file, "");
    await expect(loadSigningKey(file)).rejects.toThrow(SigningKeyError);
  });
});
