import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { packZip } from "../../../../scripts/release/packages/zip.ts";

const entry = (path: string, text: string) => ({ path, contents: Buffer.from(text) });
const entries = [entry("b/ä.txt", "text\n".repeat(1000)), entry("a", ""), entry("c.py", "print(1)\n")];

const listing = `
import json, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print(json.dumps([[i.filename, archive.read(i).decode(), i.date_time, oct(i.external_attr >> 16)] for i in archive.infolist()]))`;
const python = spawnSync("python3", ["--version"]).status === 0;

describe("packZip", () => {
  it.skipIf(!python)(
    "packZip writes an archive that Python reads: names, contents, times and modes in the given order",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "mdps-zip-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, "x.zip");
      writeFileSync(file, packZip(entries));
      expect(JSON.parse(execFileSync("python3", ["-c", listing, file], { encoding: "utf8" }))).toEqual(
        entries.map(({ path, contents }) => [path, contents.toString(), [1980, 1, 1, 0, 0, 0], "0o100644"]),
      );
    },
  );

  it("packZip writes the same bytes each time, with the first file at the start", () => {
    const archive = Buffer.from(packZip(entries));
    expect(archive.equals(packZip(entries))).toBe(true);
    const nameLength = archive.readUInt16LE(26);
    const start = 30 + nameLength;
    expect(archive.toString("utf8", 30, start)).toBe("b/ä.txt");
    const data = archive.subarray(start, start + archive.readUInt32LE(18));
    expect(inflateRawSync(data).toString()).toBe(entries[0]?.contents.toString());
  });
});
