import { describe, expect, it } from "vitest";
import { createContract, membersOf } from "../../../src/console/contract/contract.ts";
import { contentsOf } from "../../../src/console/reference/contents.ts";
import { placeOf, titleOf } from "../../../src/console/reference/place.ts";
import { usesOf } from "../../../src/console/reference/uses.ts";
import { builtContract } from "../contract/built-contract.ts";

const contract = createContract(builtContract);
const v1 = (name: string) => `mobiledataplansharing.v1.${name}`;

describe("a place of the reference", () => {
  it("shows each thing by its full name: itself, or marked within its type", () => {
    const all = builtContract.types.flatMap((type) => [type, ...membersOf(type)]);
    const shown = all.map((entry) => {
      const place = placeOf(entry.fullName, contract);
      switch (place.kind) {
        case "service":
          return place.service.fullName;
        case "method":
          return place.method.fullName;
        case "reason":
          return place.value.fullName;
        case "message":
          return place.marked ?? place.message.fullName;
        case "enum":
          return place.marked ?? place.enum.fullName;
        case "reasons":
          return place.enum.fullName;
        default:
          return "";
      }
    });
    expect(shown).toEqual(all.map(({ fullName }) => fullName));
  });

  it.each([
    ["PlanModule", "PlanModule"],
    ["PlanModule.byteBalance", "PlanModule"],
    [v1("PlanModule.byteBalance"), "PlanModule"],
    ["planmodule.byte_balance", "PlanModule"],
    ["PLAN_STATUS_STALE", "PLAN_STATUS_STALE"],
    ["CreateUserPlanStatus", "CreateUserPlanStatus"],
    ["mobiledataplansharing.emulator.v1", "mobiledataplansharing.emulator.v1"],
    ["", ""],
  ])("is found by the short name %j", (name, title) => {
    expect(titleOf(placeOf(name, contract))).toBe(title);
  });

  it.each(["name", "nothing", "v1", "Module", ".", "\u0000"])(
    "is none for the ambiguous or unknown name %j",
    (name) => {
      expect(placeOf(name, contract)).toEqual({ kind: "unknown", name });
    },
  );
});

describe("the contents of a package", () => {
  it("list each of its types once", () => {
    const listed = builtContract.packages.flatMap(({ name }) =>
      contentsOf(name, contract).flatMap(({ types }) => types),
    );
    expect(listed.length).toBe(builtContract.types.length);
    expect(new Set(listed)).toEqual(new Set(builtContract.types));
  });
});

describe("what uses a type", () => {
  it("is the fields, requests and responses that have it", () => {
    const { fields, requests, responses } = usesOf(v1("PlanStatus"), contract);
    expect(requests).toEqual([]);
    expect(responses.map(({ name }) => name)).toContain("GetUserPlanStatus");
    expect(fields.map(({ fullName }) => fullName)).toContain(v1("CreateUserPlanStatusRequest.plan_status"));
  });

  it("is known of every message and enum", () => {
    const unused = builtContract.types.filter((type) => {
      const { fields, requests, responses } = usesOf(type.fullName, contract);
      return type.kind !== "service" && fields.length + requests.length + responses.length === 0;
    });
    // The type of an option.
    expect(unused.map(({ name }) => name)).toEqual(["ErrorReasonSpec"]);
  });
});
