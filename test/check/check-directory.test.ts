import { randomBytes, randomUUID } from "node:crypto";
import { chmod, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSigningKey } from "../../src/auth/signing-key.ts";
import { checkDirectory } from "../../src/check/check-directory.ts";
import type { Finding } from "../../src/check/finding.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { bytesIn, dataDirectory, makeDirectory, removeDirectory } from "../support/data-directory.ts";

let template: string;

beforeAll(async () => {
  template = await makeDirectory();
  await (await openSqliteStore({ directory: template })).close();
  await loadSigningKey(template);
  const files = [
    ["service-accounts.json", '{"accounts":[]}\n'],
    ["log.key", `${randomBytes(32).toString("base64url")}\n`],
  ] as const;
  for (const [name, text] of files) {
    await writeFile(join(template, name), text, { mode: 0o600 });
  }
});
afterAll(() => removeDirectory(template));

/** Creates a data directory with the files that a server creates. */
async function served(): Promise<string> {
  const directory = await dataDirectory();
  await cp(template, directory, { recursive: true });
  return directory;
}

async function checked(directory: string): Promise<{ files: number; found: Finding[] }> {
  const found: Finding[] = [];
  const files = await checkDirectory(directory, (finding) => found.push(finding));
  return { files, found };
}

const onPosix = it.skipIf(process.platform === "win32");

describe("checkDirectory", () => {
  it("checkDirectory reports nothing for the data directory of a server, and changes nothing", async () => {
    const directory = await served();
    const before = await bytesIn(directory);
    expect(await checked(directory)).toEqual({ files: 6, found: [] });
    expect(await bytesIn(directory)).toEqual(before);
  });

  it("checkDirectory does not create a missing key", async () => {
    const directory = await dataDirectory();
    expect(await checked(directory)).toEqual({ files: 0, found: [] });
    expect(await bytesIn(directory)).toEqual([]);
  });

  it("checkDirectory warns of unexpected and temporary files", async () => {
    const directory = await served();
    const names = [
      "notes.txt",
      `.snapshot-${randomUUID()}`,
      `signing-key.json.${randomUUID()}`,
      "toString",
    ].sort();
    await Promise.all(names.map((name) => writeFile(join(directory, name), "")));
    await mkdir(join(directory, "used-assertions"), { mode: 0o700 });
    await writeFile(join(directory, "used-assertions", "a".repeat(64)), "");
    await writeFile(join(directory, "used-assertions", "foreign"), "");
    const { files, found } = await checked(directory);
    expect(files).toBe(6);
    expect(found.map(({ place }) => place).sort()).toEqual([...names, "used-assertions/foreign"].sort());
    expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
    const problems = new Map(found.map(({ place, problem }) => [place, problem]));
    expect(problems.get("notes.txt")).toMatch(/does not belong/);
    expect(problems.get(names[0] as string)).toMatch(/is a temporary file/);
  });

  onPosix(
    "checkDirectory reports files that other users can access, with the command to fix it",
    async () => {
      const directory = await served();
      await chmod(directory, 0o750);
      await chmod(join(directory, "plans.sqlite"), 0o644);
      await chmod(join(directory, "signing-key.json"), 0o640);
      const { found } = await checked(directory);
      expect(found.map(({ severity, place, problem }) => `${severity} ${place} ${problem}`)).toEqual([
        `error . is accessible to other users (mode 750). Run: chmod 700 ${directory}`,
        `error plans.sqlite is accessible to other users (mode 644). Run: chmod 600 ${directory}/plans.sqlite`,
        `error signing-key.json is accessible to other users (mode 640). Run: chmod 600 ${directory}/signing-key.json`,
      ]);
    },
  );

  it.each<[string, string, RegExp]>([
    ["signing-key.json", "{}", /is not a valid signing key\. Restore it from a backup/],
    ["service-accounts.json", '{"accounts":[{"email":', /is not a valid list of service accounts/],
    ["service-accounts.json", '{"accounts":[],"newerField":1}', /"newerField" is unknown/],
    ["log.key", "short", /is not a key of 32 bytes/],
  ])("checkDirectory reports an invalid %s: %s", async (name, text, problem) => {
    const directory = await served();
    await writeFile(join(directory, name), text);
    expect((await checked(directory)).found).toEqual([
      { severity: "error", place: name, problem: expect.stringMatching(problem) },
    ]);
  });

  it("checkDirectory reports a directory in place of a file", async () => {
    const directory = await served();
    await rm(join(directory, "log.key"));
    await mkdir(join(directory, "log.key"));
    expect((await checked(directory)).found).toEqual([
      { severity: "error", place: "log.key", problem: "is not a regular file; move it elsewhere" },
    ]);
  });
});
