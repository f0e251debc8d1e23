import { describe, expect, it } from "vitest";
import { asnText, callNumber, operatorName } from "../../../src/console/emulator/resource-names.ts";

describe("the resource names of the console", () => {
  it("name a typed operator by its ASN, and leave other texts to the emulator", () => {
    expect([" 65001 ", "operators/65002", "x"].map(operatorName)).toEqual([
      "operators/65001",
      "operators/65002",
      "x",
    ]);
  });

  it("have the ASN of an operator and the number of a call", () => {
    expect([asnText("operators/65001"), asnText(""), callNumber("calls/12")]).toEqual(["65001", "", "12"]);
  });
});
