import { describe, expect, it } from "vitest";
import { startTestServer } from "../../src/testing/index.ts";

describe("startTestServer", () => {
  it("starts an emulator whose clock stands still at the given time until it is advanced", async () => {
    await using server = await startTestServer({ now: "2026-12-01T12:00:00Z" });
    expect(await server.clock.now()).toEqual(new Date("2026-12-01T12:00:00Z"));
    await server.clock.advance(90_000);
    expect(await server.clock.now()).toEqual(new Date("2026-12-01T12:01:30Z"));
  });

  it("rejects a time that is none", async () => {
    await expect(startTestServer({ now: "tomorrow" })).rejects.toThrow(
      new RangeError("now: tomorrow must be a time, such as 2026-12-01T12:00:00Z"),
    );
  });
});
