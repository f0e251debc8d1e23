import { expect, it } from "vitest";
import * as client from "../../src/client/index.ts";

it("the client exports exactly its public functions", () => {
  expect(Object.keys(client).toSorted()).toEqual([
    "MoneySchema",
    "byteBalance",
    "createPlanSharingClient",
    "expiresIn",
    "googleCredentials",
    "minuteBalance",
    "money",
    "planStatusOf",
    "readError",
    "unlimitedBytes",
    "validate",
  ]);
});
