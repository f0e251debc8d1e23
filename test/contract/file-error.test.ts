import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { whyUnreadable } from "../../src/contract/file-error.ts";

function why(file: string): string {
  try {
    readFileSync(file);
  } catch (error) {
    return whyUnreadable(error);
  }
  return "can be read";
}

it("a file that cannot be read is described without the words of the system", () => {
  const directory = mkdtempSync(join(tmpdir(), "mdps-file-error-"));
  const file = join(directory, "file");
  writeFileSync(file, "");
  expect(why(join(directory, "none"))).toBe("does not exist");
  expect(why(join(file, "none"))).toBe("does not exist: its path leads through a file");
  expect(why(directory)).toBe("is a directory: pass a file");
});

it.each([
  ["EACCES", "cannot be read: this user has no permission to read it, or to enter its directory"],
  [
    "EIO",
    "cannot be read: EIO: i/o error; the disk or its connection has failed: check the log of the system",
  ],
])("a file is described for the code %s", (code, expected) => {
  expect(whyUnreadable(Object.assign(new Error(`${code}: i/o error`), { code }))).toBe(expected);
});
