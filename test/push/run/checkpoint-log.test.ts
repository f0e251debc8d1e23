import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpointLog, readLastState, writeState } from "../../../src/push/run/checkpoint-log.ts";
import { dataDirectory } from "../../support/data-directory.ts";

describe("the checkpoint log", () => {
  it("returns the last complete state, wherever a crash has cut the file", () => {
    const states = [{ n: 1, text: "größer" }, { n: 2 }, { n: 3 }];
    const lines = states.map(writeState);
    const whole = Buffer.concat(lines);
    let end = 0;
    for (let length = 0; length <= whole.length; length++) {
      const count = lines.filter(
        (_, index) => Buffer.concat(lines.slice(0, index + 1)).length <= length,
      ).length;
      end = Buffer.concat(lines.slice(0, count)).length;
      const found = readLastState(whole.subarray(0, length));
      expect(found).toEqual(count === 0 ? undefined : { state: states[count - 1], end });
    }
  });

  it("ignores a line whose bytes have changed on disk", () => {
    const [first, second] = [writeState({ n: 1 }), writeState({ n: 2 })];
    second[12] = 0x20;
    expect(readLastState(Buffer.concat([first, second, Buffer.alloc(64)]))).toEqual({
      state: { n: 1 },
      end: first.length,
    });
  });

  it("appends after the last complete state and drops what follows it", async () => {
    const path = join(await dataDirectory(), "log");
    await writeFile(path, Buffer.concat([writeState({ n: 1 }), writeState({ n: 2 }).subarray(0, 5)]));
    const log = await openCheckpointLog(path, readLastState(await readFile(path))?.end ?? 0);
    await log.append({ n: 3 });
    await log.close();
    expect(await readFile(path)).toEqual(Buffer.concat([writeState({ n: 1 }), writeState({ n: 3 })]));
  });

  it("starts a new file, readable by its owner only, when it is larger than 4 MiB", async () => {
    const path = join(await dataDirectory(), "log");
    const log = await openCheckpointLog(path, 0);
    const padding = "x".repeat(1024 * 1024);
    for (let n = 1; n <= 12; n++) {
      await log.append({ n, padding });
      expect(readLastState(await readFile(path))?.state).toMatchObject({ n });
    }
    await log.close();
    const { size, mode } = await stat(path);
    expect(size).toBeLessThan(6 * 1024 * 1024);
    expect(mode & 0o777).toBe(0o600);
  });
});
