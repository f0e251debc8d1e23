import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceSecret } from "../../../src/auth/secret-file.ts";
import type { PushRequest } from "../../../src/push/input/push-request.ts";
import { openJournal } from "../../../src/push/run/journal.ts";
import { keyDisplay } from "../../../src/push/run/mask.ts";
import { createRun, openRun, type RunSettings, runFiles } from "../../../src/push/run/run-directory.ts";
import { dataDirectory } from "../../support/data-directory.ts";

const settings: RunSettings = {
  version: 1,
  createTime: "2026-01-01T08:00:00.123Z",
  input: "-",
  endpoint: "production",
  protocol: "rest",
  record: {},
};

const reason = { code: "INTERNAL", reason: "INTERNAL", message: "m", violations: [] };
const recordOf = (index: number) => ({ index, end: index, crc: index, bytes: Buffer.from(`{"n":${index}}`) });

/** The permissions of a file, in octal. */
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe.skipIf(process.platform === "win32")("the files of a run", () => {
  let before: number;
  beforeEach(() => {
    before = process.umask(0);
  });
  afterEach(() => {
    process.umask(before);
  });

  it("are readable by their owner only, in a directory that is too, whatever the umask", async () => {
    const runs = join(await dataDirectory(), "runs");
    const run = await createRun(runs, settings);
    const journal = await openJournal(run, keyDisplay(false));
    journal.pushed(recordOf(1), { notifications: [] } as unknown as PushRequest);
    journal.rejected(recordOf(2), reason);
    journal.superseded(recordOf(3), reason);
    await journal.flush();
    await journal.close();
    await replaceSecret(join(run.path, runFiles.summary), "{}\n");
    expect([await modeOf(runs), await modeOf(run.path)]).toEqual(["700", "700"]);
    const names = (await readdir(run.path)).sort();
    expect(names).toEqual(Object.values(runFiles).sort());
    for (const name of names) {
      expect(`${name} ${await modeOf(join(run.path, name))}`).toBe(`${name} 600`);
    }
  });
});

describe("createRun", () => {
  it("names the directory after the time, with a number when there is one already", async () => {
    const runs = await dataDirectory();
    const paths = [await createRun(runs, settings), await createRun(runs, settings)].map(({ path }) => path);
    expect(paths).toEqual([join(runs, "2026-01-01T08-00-00"), join(runs, "2026-01-01T08-00-00-2")]);
  });

  it("rejects with a RunError that names --runs when the directory cannot be created", async () => {
    const file = join(await dataDirectory(), "file");
    await writeFile(file, "");
    await expect(createRun(join(file, "runs"), settings)).rejects.toThrow(
      expect.objectContaining({ name: "RunError", message: expect.stringMatching(/--runs/) }),
    );
  });
});

describe("openRun", () => {
  it("rejects with a RunError while another process holds the run", async () => {
    const { path } = await createRun(await dataDirectory(), settings);
    await writeFile(join(path, runFiles.lock), `${process.ppid}\n`);
    await expect(openRun(path)).rejects.toThrow(
      expect.objectContaining({
        name: "RunError",
        message: expect.stringMatching(new RegExp(`in use by another process \\(pid ${process.ppid}\\)`)),
      }),
    );
  });

  it("takes over the lock of a process that no longer exists", async () => {
    const { path } = await createRun(await dataDirectory(), settings);
    // No process has this id: it is above the largest one of Linux.
    await writeFile(join(path, runFiles.lock), "4194305\n");
    const run = await openRun(path);
    expect(await readFile(join(path, runFiles.lock), "utf8")).toBe(`${process.pid}\n`);
    await run.release();
    expect(await readdir(path)).not.toContain(runFiles.lock);
  });

  it.each<[string, string, RegExp]>([
    ["has no settings", "", /is not a run of mdps push/],
    ["was written by another version", '{"version":2}', /version/],
  ])("rejects with a RunError when the directory %s", async (_, text, message) => {
    const directory = await dataDirectory();
    if (text !== "") {
      await writeFile(join(directory, runFiles.settings), text);
    }
    await expect(openRun(directory)).rejects.toThrow(
      expect.objectContaining({ name: "RunError", message: expect.stringMatching(message) }),
    );
  });

  it("returns the last checkpoint that the journal wrote", async () => {
    const run = await createRun(await dataDirectory(), settings);
    const journal = await openJournal(run, keyDisplay(false));
    journal.rejected(recordOf(1), reason);
    await journal.flush();
    journal.rejected(recordOf(2), reason);
    await journal.flush();
    await journal.close();
    await run.release();
    expect((await openRun(run.path)).logged?.state).toMatchObject({
      watermark: { index: 2 },
      tally: { rejected: 2 },
      finished: false,
    });
  });
});
