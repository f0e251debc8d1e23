import { describe, expect, it } from "vitest";
import { moreViolations } from "../../../src/contract/field-violation.ts";
import { provisionalToken } from "../../../src/plans/contract-rules.ts";
import { type Leniency, leniencyFor, separate } from "../../../src/push/input/leniency.ts";

describe("leniencyFor", () => {
  it.each([
    ["production", "warn", true],
    ["preproduction", "warn", true],
    ["https://mobiledataplansharing.googleapis.com", "warn", true],
    ["https://staging-mobiledataplansharing.googleapis.com/", "warn", true],
    ["https://mobiledataplansharing.googleapis.com.example.com", "refuse", false],
    ["https://mdps.example.com", "refuse", false],
    ["http://127.0.0.1:8080", "refuse", false],
    [undefined, "refuse", false],
  ] as const)(
    "leniencyFor %s is to %s unknown fields by default",
    (endpoint, unknownFields, exceedsLimits) => {
      expect(leniencyFor(endpoint, undefined)).toEqual({ unknownFields, exceedsLimits });
      for (const chosen of ["refuse", "warn", "ignore"] as const) {
        expect(leniencyFor(endpoint, chosen)).toEqual({ unknownFields: chosen, exceedsLimits });
      }
    },
  );
});

describe("separate", () => {
  const warn: Leniency = { unknownFields: "warn", exceedsLimits: false };
  const unknownAt = (field: string) => [{ field, description: "is not a field of X" }];
  const missing = (field: string) => ({ field, description: "value is required when x" });

  it.each([
    ["planStatus.new", "planStatus.languageCode", true],
    ["planStatus.new", "planStatus.accountInfo.validUntil", true],
    ["planStatus.new", "planStatus.plans[0].planId", false],
    ["planStatus.plans[1].new", "planStatus.plans[1].planId", true],
    ["planStatus.plans[1].new", "planStatus.plans[10].planId", false],
    ["planStatus.plans[1].new", "planStatus.languageCode", false],
    ['planStatus.plans[0]."a.b]\\""', "planStatus.plans[0].planId", true],
    ["planStatus.plans[0].planModules[2].new", "planStatus.plans[0].planModules[2]", true],
    [
      "planStatus.plans[0].planModules[2].new",
      "planStatus.plans[0].planModules[2].byteBalance.remainingBytes",
      true,
    ],
    [
      "planStatus.plans[0].planModules[2].trafficCategories[3]",
      "planStatus.plans[0].planModules[2].moduleName",
      true,
    ],
    ["note", "userKey", false],
    ["planStatus", "planStatus", false],
  ])("separate with %s unknown and %s missing", (unknown, field, isWarning) => {
    const { violations, warnings } = separate([missing(field)], unknownAt(unknown), warn);
    expect(violations).toEqual(isWarning ? [] : [missing(field)]);
    expect(warnings).toEqual([...unknownAt(unknown), ...(isWarning ? [missing(field)] : [])]);
  });

  it("separate leaves invalid values violations, whatever is unknown", () => {
    const invalid = { field: "planStatus.languageCode", description: "must be a well-formed language tag" };
    expect(separate([invalid], unknownAt("planStatus.new"), warn).violations).toEqual([invalid]);
  });

  it.each([
    "must be at most 1024 characters",
    "must be at most 64 bytes",
    "must contain no more than 128 item(s)",
    "must contain no more than 4096 values",
  ])("separate says of %s that it is not a limit of Google", (description) => {
    const explained = {
      field: "planStatus.title",
      description: `${description} (a limit of this project, not of Google)`,
    };
    const all = [{ field: "planStatus.title", description }];
    expect(separate(all, [], warn)).toEqual({ violations: [explained], warnings: [] });
    const google = { unknownFields: "refuse", exceedsLimits: true } as const;
    expect(separate(all, [], google)).toEqual({ violations: [], warnings: [explained] });
  });

  it("separate excuses what is missing anywhere in a status with more unknown names than are reported", () => {
    const unknown = Array.from({ length: 100 }, (_, index) =>
      unknownAt(`planStatus.plans[${index}].new`),
    ).flat();
    const found = [missing("planStatus.plans[101].planId"), missing("planStatus"), missing("userKey")];
    expect(separate(found, unknown, warn).violations).toEqual(found.slice(1));
    expect(separate(found, unknown.slice(1), warn).violations).toEqual(found);
  });

  it("separate takes violations that are not listed for warnings if all others are", () => {
    const listed = missing("planStatus.plans[1].planId");
    const invalid = { field: "planStatus.languageCode", description: "must be a BCP-47 language code" };
    const unknown = unknownAt("planStatus.plans[1].new");
    expect(separate([listed, moreViolations], unknown, warn).violations).toEqual([]);
    expect(separate([listed, invalid, moreViolations], unknown, warn).violations).toEqual([
      invalid,
      moreViolations,
    ]);
    expect(separate([moreViolations], [], warn).violations).toEqual([moreViolations]);
  });

  it.each([
    ["warn", 1],
    ["ignore", 0],
    ["refuse", 0],
  ] as const)(
    "separate with %s treats a provisional token as an unknown value",
    (unknownFields, warnings) => {
      const token = { field: "planStatus.cpidState", description: provisionalToken };
      const separated = separate([token], [], { unknownFields, exceedsLimits: true });
      expect(separated.warnings).toHaveLength(warnings);
      expect(separated.violations).toEqual(unknownFields === "refuse" ? [token] : []);
    },
  );

  it("separate leaves a limit on time a violation", () => {
    const old = {
      field: "planStatus.updateTime",
      description: "must be at most 30 days old: it is 31 days old",
    };
    expect(separate([old], [], { ...warn, exceedsLimits: true }).violations).toEqual([old]);
  });
});
