import { describe, expect, it } from "vitest";
import { besides, violationOf } from "../../../src/console/controls/form-errors.ts";

const problem = {
  message: "operators[0]: must be a name (and 1 more)",
  violations: [
    { field: "operators[0]", description: "must be a name" },
    { field: "lifetime", description: "must be shorter" },
  ],
};

describe("the errors of a form", () => {
  it("are shown at the fields that they are within", () => {
    expect(violationOf(problem, "operators")).toBe("must be a name");
    expect(violationOf(problem, "lifetime")).toBe("must be shorter");
    expect(violationOf(problem, "life")).toBeUndefined();
    expect(violationOf(undefined, "lifetime")).toBeUndefined();
  });

  it("are shown below it as far as they belong to no field", () => {
    expect(besides(problem, ["operators", "lifetime"])).toBeUndefined();
    expect(besides(problem, ["lifetime"])?.violations).toEqual([problem.violations[0]]);
    const plain = { message: "the emulator does not answer", violations: [] };
    expect(besides(plain, ["lifetime"])).toEqual(plain);
    expect(besides(undefined, [])).toBeUndefined();
  });
});
