import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSigningKey, SigningKeyError } from "../../src/auth/signing-key.ts";
import { dataDirectory } from "../support/data-directory.ts";

describe("loadSigningKey", () => {
  it("creates the key on the first call and returns the same key later", async () => {
    const directory = await dataDirectory();
    const first = await loadSigningKey(directory);
    const text = await readFile(join(directory, "signing-key.json"), "utf8");
    const second = await loadSigningKey(directory);
    expect(second.keyId).toBe(first.keyId);
    expect(await readFile(join(directory, "signing-key.json"), "utf8")).toBe(text);
  });

  it("creates one key when called several times at once, and leaves no draft behind", async () => {
    const directory = await dataDirectory();
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadSigningKey(directory)));
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1);
    expect(await readdir(directory)).toEqual(["signing-key.json"]);
  });

  it("creates a different key for each data directory", async () => {
    const one = await loadSigningKey(await dataDirectory());
    const other = await loadSigningKey(await dataDirectory());
    expect(one.keyId).not.toBe(other.keyId);
  });

  it("creates the data directory, accessible to its owner only", async () => {
    const directory = join(await dataDirectory(), "a", "b");
    await loadSigningKey(directory);
    expect((await stat(directory)).mode & 0o077).toBe(0);
    expect((await stat(join(directory, "signing-key.json"))).mode & 0o777).toBe(0o600);
  });

  it("rejects a key file that others can read, with the command to run", async () => {
    const directory = await dataDirectory();
    await loadSigningKey(directory);
    const path = join(directory, "signing-key.json");
    await chmod(path, 0o640);
    await expect(loadSigningKey(directory)).rejects.toThrow(
      new SigningKeyError(`${path} can be read by others than its owner. Run: chmod 600 ${path}`),
    );
  });

  it.each([
    ["text that is not JSON", "garbage"],
    ["nothing", ""],
    ["an empty object", "{}"],
    ["a key without its private part", '{"kty":"EC","crv":"P-256","kid":"1","x":"AA"}'],
    ["a key whose parts do not fit", '{"kty":"EC","crv":"P-256","kid":"1","x":"AA","y":"AA","d":"AA"}'],
  ])("rejects a key file that contains %s, and leaves it as it is", async (_, content) => {
    const directory = await dataDirectory();
    const path = join(directory, "signing-key.json");
    await writeFile(path, content, { mode: 0o600 });
    await expect(loadSigningKey(directory)).rejects.toThrow(SigningKeyError);
    await expect(loadSigningKey(directory)).rejects.toThrow(`${path} is not a valid signing key. Restore it`);
    expect(await readFile(path, "utf8")).toBe(content);
  });

  it("rejects a key file that is a directory", async () => {
    const directory = await dataDirectory();
    await mkdir(join(directory, "signing-key.json"), { mode: 0o700 });
    await expect(loadSigningKey(directory)).rejects.toThrow(SigningKeyError);
  });

  it("rejects a data directory that is a file", async () => {
    const file = join(await dataDirectory(), "file");
    await writeFile(file, "");
    await expect(loadSigningKey(file)).rejects.toThrow(SigningKeyError);
  });
});
