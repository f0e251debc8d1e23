import { describe, expect, it } from "vitest";
import { dataDirectory } from "../support/data-directory.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { day, fromNow, hour, minute, planStatus } from "../support/plan-statuses.ts";
import { testTime } from "../support/test-clock.ts";
import { parent } from "../support/test-server.ts";

const userKey = "447700900123";

describe.each(["memory:", "sqlite:"])("statuses in a store of %s", (engine) => {
  it("expire when the clock is moved forward, and are back when it is moved back", async () => {
    const store = engine === "memory:" ? engine : `${engine}${await dataDirectory()}`;
    await using emulator = await startTestEmulator({ store });
    const { clock } = emulator.state;
    const client = async () => emulator.client("connect", await emulator.token());
    const push = async (updated: number, expires: number, languageCode: string) => {
      const times = { updateTime: fromNow(updated), expireTime: fromNow(expires) };
      await (await client()).createPlanStatus({
        parent,
        userKey,
        planStatus: planStatus({ ...times, languageCode }),
      });
    };
    const read = async (ms: number) => {
      clock.freezeAt(testTime + ms);
      const name = `${parent}/planStatuses/${userKey}`;
      return (await client()).getPlanStatus({ name }).then(
        ({ languageCode }) => languageCode,
        () => "none",
      );
    };

    clock.freezeAt(testTime);
    await push(-minute, hour, "de");
    expect(await read(hour - 1)).toBe("de");
    for (const later of [hour, 3 * day, 5 * 365 * day]) {
      expect(await read(later)).toBe("none");
    }
    expect(await read(-5 * 365 * day)).toBe("de");
    expect(await read(hour)).toBe("none");
    // Older than the one that has expired.
    await push(-2 * minute, 2 * hour, "en");
    expect(await read(0)).toBe("en");
    expect(emulator.failures).toEqual([]);
  });
});
