import { expect, it } from "vitest";
import { recordOptionsOf } from "../../../src/cli/options/record-options.ts";
import { UsageError } from "../../../src/cli/usage-error.ts";

it("a time zone without a mapping is an error, because only CSV has times without an offset", () => {
  expect(() => recordOptionsOf({ timeZone: "Europe/Berlin" })).toThrow(
    new UsageError("--time-zone (MDPS_TIME_ZONE) is for CSV: pass --map too, or leave it out"),
  );
  expect(recordOptionsOf({ timeZone: "Europe/Berlin", map: ["userKey=msisdn"] }).mapping).toMatchObject({
    timeZone: "Europe/Berlin",
  });
});

it("a mapping file that does not exist is an error that says how to map without a file", () => {
  expect(() => recordOptionsOf({ map: ["none.yaml"] })).toThrow(
    new UsageError("--map none.yaml: does not exist; without a file, a mapping is FIELD=COLUMN,…"),
  );
});
