import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readScenarioOption } from "../../../src/cli/options/scenario-option.ts";
import { dataDirectory } from "../../support/data-directory.ts";

/** Writes a file and returns its path. */
async function fileWith(content: string | Uint8Array): Promise<string> {
  const file = join(await dataDirectory(), "scenario.yaml");
  await writeFile(file, content);
  return file;
}

describe("--scenario", () => {
  it("takes the name of a built-in scenario", async () => {
    const { name, source } = await readScenarioOption("subscribers");
    expect(name).toBe("subscribers");
    expect(source.value).toHaveProperty("records");
  });

  it("takes a file of YAML or JSON, which errors name", async () => {
    for (const text of ["records: []", '{"records": []}', "\ufeffrecords: []\r\n"]) {
      const file = await fileWith(text);
      const { name, source } = await readScenarioOption(file);
      expect({ name, value: source.value }).toEqual({ name: file, value: { records: [] } });
    }
  });

  it("fails with every place at which a file is not YAML", async () => {
    const file = await fileWith("a: 1\na: 2\nb: *c\n");
    await expect(readScenarioOption(file)).rejects.toThrow(
      `${file}:2:1: is a key that occurs twice\n${file}:3:4: alias *c has no anchor before it`,
    );
  });

  it.each([
    [
      "a name that is perhaps misspelled",
      "lost-answer",
      /^--scenario lost-answer: there is no such file; a name must be one of empty, .*; did you mean lost-answers\?$/,
    ],
    ["a file that is missing", "./missing.yaml", /^--scenario \.\/missing\.yaml: ENOENT/],
    ["a file without an end", "/dev/zero", /^\/dev\/zero:1:1: must have at most 4194304 bytes of UTF-8$/],
  ])("fails for %s", async (_, nameOrFile, message) => {
    await expect(readScenarioOption(nameOrFile)).rejects.toThrow(message);
  });

  it("fails for a directory, and for a file that is not UTF-8", async () => {
    const directory = join(await dataDirectory(), "scenarios");
    await mkdir(directory);
    await expect(readScenarioOption(directory)).rejects.toThrow(/^--scenario .*: EISDIR/);
    await expect(readScenarioOption(await fileWith(Buffer.from([0x61, 0xff])))).rejects.toThrow(
      /: must be UTF-8$/,
    );
  });
});
