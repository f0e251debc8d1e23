import { expect, it } from "vitest";
import * as client from "../../src/client/index.ts";

it("the client has these functions, and no others", () => {
  expect(Object.keys(client).toSorted()).toEqual([
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
