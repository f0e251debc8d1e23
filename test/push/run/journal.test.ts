import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openJournal } from "../../../src/push/run/journal.ts";
import { keyDisplay } from "../../../src/push/run/mask.ts";
import { withRun } from "../../support/push-pipeline.ts";

const userKey = "491701234567";
const record = { index: 1, end: 2, crc: 0, bytes: Buffer.from("{}") };
const reason = {
  code: "INTERNAL",
  reason: "OTHER",
  // Cut within the key.
  message: `${"x".repeat(990)} ${userKey}`,
  violations: [{ field: `users[${userKey}]`, description: `is ${userKey}` }],
  metadata: { user: `users/%2B${userKey}` },
  userKey,
};

it.each([
  ["masks user keys in every text of a rejected and of a superseded record", false],
  ["writes user keys in clear if they are to be revealed", true],
])("the journal of a run %s", (_, reveal) =>
  withRun(async (run) => {
    const journal = await openJournal(run, keyDisplay(reveal));
    journal.rejected(record, reason);
    journal.superseded({ ...record, index: 2 }, reason);
    await journal.flush(true);
    await journal.close();
    for (const name of ["rejected-reasons.ndjson", "superseded.ndjson"]) {
      const text = await readFile(join(run.path, name), "utf8");
      const shown = reveal ? userKey : "***567";
      expect(JSON.parse(text)).toMatchObject({
        userKey: shown,
        violations: [{ field: `users[${shown}]`, description: `is ${shown}` }],
        metadata: { user: `users/%2B${shown}` },
      });
      expect(text.includes("4917")).toBe(reveal);
    }
  }),
);
