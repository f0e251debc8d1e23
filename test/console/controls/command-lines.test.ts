import { describe, expect, it } from "vitest";
import { faultLine, pushLine, readLine } from "../../../src/console/controls/command-lines.ts";

const init = { origin: "http://127.0.0.1:8080", operator: "operators/65001", token: "eyJ" };

describe("the commands of the page of controls", () => {
  it("push a status that is valid by the clock of the emulator, and read it", () => {
    expect(pushLine({ ...init, nowMs: Date.parse("2026-12-24T18:00:00.250Z") })).toBe(
      `curl -sS http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/491700000001/planStatus -H 'Authorization: Bearer eyJ' -H 'Content-Type: application/json' -d '{"languageCode":"en-US","updateTime":"2026-12-24T18:00:00Z","expireTime":"2026-12-25T18:00:00Z"}'`,
    );
    expect(readLine(init)).toBe(
      "curl -sS http://127.0.0.1:8080/v1/operators/65001/clients/mobiledataplan/users/491700000001/planStatus -H 'Authorization: Bearer eyJ'",
    );
  });

  it("quote what a person has typed", () => {
    expect(faultLine(init.origin, `{"error":{"message":"it's $HOME"}}`)).toContain(
      `-d '{"error":{"message":"it'\\''s $HOME"}}'`,
    );
  });
});
