import { expect, it } from "vitest";
import { judge } from "../../../scripts/checks/disabled-rules.ts";

const problem = (file: string, rule: string) => ({ file, rule, message: "is wrong", where: `${file}:1` });

it("judge lists problems whose rule is not disabled, and disabled rules without a problem", () => {
  const sections = [
    { included_paths: ["a/v1/**"], disabled_rules: ["used", "idle"] },
    { included_paths: ["b/v1/**"], disabled_rules: ["elsewhere"] },
  ];
  const known = problem("a/v1/x.proto", "used");
  const elsewhere = problem("a/v1/x.proto", "elsewhere");
  const other = problem("b/v1/deep/y.proto", "used");
  expect(judge([known, elsewhere, other], sections)).toEqual({
    undisabled: [elsewhere, other],
    idle: ["idle for a/v1/**", "elsewhere for b/v1/**"],
  });
});
