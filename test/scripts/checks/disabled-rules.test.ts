import { expect, it } from "vitest";
import { judge } from "../../../scripts/checks/disabled-rules.ts";

const problem = (file: string, rule: string) => ({ file, rule, message: "is broken", where: `${file}:1` });

it("tells what is broken and not disabled from what is disabled and not broken", () => {
  const sections = [
    { included_paths: ["a/v1/**"], disabled_rules: ["needed", "idle"] },
    { included_paths: ["b/v1/**"], disabled_rules: ["elsewhere"] },
  ];
  const known = problem("a/v1/x.proto", "needed");
  const elsewhere = problem("a/v1/x.proto", "elsewhere");
  const other = problem("b/v1/deep/y.proto", "needed");
  expect(judge([known, elsewhere, other], sections)).toEqual({
    undisabled: [elsewhere, other],
    idle: ["idle for a/v1/**", "elsewhere for b/v1/**"],
  });
});
