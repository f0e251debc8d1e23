import { open, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differenceOf, fingerprintOf } from "../../../src/push/input/fingerprint.ts";
import { dataDirectory } from "../../support/data-directory.ts";

/** Files up to this size, in bytes, are read completely in these tests. */
const wholeSize = 1024 * 1024;

async function fileOf(size: number): Promise<string> {
  const file = join(await dataDirectory(), "input.ndjson");
  const handle = await open(file, "w");
  await handle.truncate(size);
  await handle.close();
  return file;
}

async function change(file: string, at: number, text: string): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(text, at);
  await handle.close();
}

const fingerprint = (file: string) => fingerprintOf(file, wholeSize);

describe("the fingerprint of a file", () => {
  it("is equal while the file does not change", async () => {
    for (const size of [0, 1, 70_000, wholeSize + 12_345]) {
      const file = await fileOf(size);
      expect(differenceOf(await fingerprint(file), await fingerprint(file))).toBeUndefined();
    }
  });

  it("differs when any byte of a small file changes", async () => {
    const file = await fileOf(200_000);
    for (const at of [0, 1_023, 1_024, 131_071, 199_999]) {
      const before = await fingerprint(file);
      await change(file, at, "x");
      expect(differenceOf(before, await fingerprint(file))).toBe("its content is different");
    }
  });

  it("differs when the size of the file changes", async () => {
    for (const size of [10, wholeSize + 10]) {
      const before = await fingerprint(await fileOf(size));
      expect(differenceOf(before, await fingerprint(await fileOf(size + 1)))).toBe(
        `its size was ${size} bytes and is ${size + 1}`,
      );
    }
  });

  it("differs when the first or the last byte of a large file changes", async () => {
    const size = wholeSize + 1_000_000;
    const file = await fileOf(size);
    for (const at of [0, size - 1]) {
      const before = await fingerprint(file);
      await change(file, at, "x");
      expect(differenceOf(before, await fingerprint(file))).toBe("its content is different");
    }
  });

  it("perhaps differs when a large file was written since, even if its samples are equal", async () => {
    const file = await fileOf(3 * wholeSize);
    const before = await fingerprint(file);
    // Between two samples.
    await change(file, 2_000, "x");
    await utimes(file, 1, 1);
    expect(differenceOf(before, await fingerprint(file))).toBe("perhaps");
  });

  it("covers the whole of a file of up to 64 MiB by default", async () => {
    expect(await fingerprintOf(await fileOf(wholeSize + 1))).toMatchObject({ sampled: false });
  });

  it("rejects with an InputError that names the file when there is none", async () => {
    const file = await fileOf(1);
    await rm(file);
    await expect(fingerprintOf(file)).rejects.toThrow(
      expect.objectContaining({
        name: "InputError",
        message: expect.stringMatching(`^${file} does not exist$`),
      }),
    );
  });
});
