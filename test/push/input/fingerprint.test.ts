import { open, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { differenceOf, fingerprintOf, wholeSize } from "../../../src/push/input/fingerprint.ts";
import { InputError } from "../../../src/push/input/input.ts";
import { dataDirectory } from "../../support/data-directory.ts";

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

it("a file that was not touched is the same", async () => {
  for (const size of [0, 1, 70_000, wholeSize + 12_345]) {
    const file = await fileOf(size);
    expect(differenceOf(await fingerprintOf(file), await fingerprintOf(file))).toBeUndefined();
  }
});

it("a byte anywhere makes a small file another one", async () => {
  const file = await fileOf(200_000);
  for (const at of [0, 65_535, 65_536, 131_071, 199_999]) {
    const before = await fingerprintOf(file);
    await change(file, at, "x");
    expect(differenceOf(before, await fingerprintOf(file))).toBe("its content is another");
  }
});

it("another length makes any file another one", async () => {
  for (const size of [10, wholeSize + 10]) {
    const before = await fingerprintOf(await fileOf(size));
    expect(differenceOf(before, await fingerprintOf(await fileOf(size + 1)))).toBe(
      `it had ${size} bytes and has ${size + 1}`,
    );
  }
});

it("a byte at either end makes a large file another one", async () => {
  const size = wholeSize + 1_000_000;
  const file = await fileOf(size);
  for (const at of [0, size - 1]) {
    const before = await fingerprintOf(file);
    await change(file, at, "x");
    expect(differenceOf(before, await fingerprintOf(file))).toBe("its content is another");
  }
});

it("a large file that was written since may be another one, whatever its samples say", async () => {
  const file = await fileOf(wholeSize + 100_000_000);
  const before = await fingerprintOf(file);
  // Between two samples.
  await change(file, 100_000, "x");
  await utimes(file, 1, 1);
  expect(differenceOf(before, await fingerprintOf(file))).toBe("perhaps");
});

it("a file that is not there is said to be so", async () => {
  const file = await fileOf(1);
  await rm(file);
  await expect(fingerprintOf(file)).rejects.toThrow(InputError);
  await expect(fingerprintOf(file)).rejects.toThrow(`${file} cannot be read: ENOENT`);
  await writeFile(file, "");
  expect((await fingerprintOf(file)).size).toBe(0);
});
