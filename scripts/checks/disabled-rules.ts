import { matchesGlob } from "node:path";

/** A problem that api-linter found. */
export type Problem = {
  /** Path from the root of the protos. */
  readonly file: string;
  /** Such as `core::0122::name-suffix`. */
  readonly rule: string;
  readonly message: string;
  /** Description for people. */
  readonly where: string;
};

/** Files and the rules disabled for them, as in api-linter's configuration. */
export type Section = {
  readonly included_paths: readonly string[];
  readonly disabled_rules: readonly string[];
};

/** Returns the problems that no section disables, and the disabled rules that nothing violates. */
export function judge(
  problems: readonly Problem[],
  sections: readonly Section[],
): { undisabled: Problem[]; idle: string[] } {
  const isIn = (file: string, { included_paths }: Section) =>
    included_paths.some((pattern) => matchesGlob(file, pattern));
  const undisabled = problems.filter(
    ({ file, rule }) => !sections.some((one) => isIn(file, one) && one.disabled_rules.includes(rule)),
  );
  const idle = sections.flatMap((section) =>
    section.disabled_rules
      .filter((rule) => !problems.some((one) => one.rule === rule && isIn(one.file, section)))
      .map((rule) => `${rule} for ${section.included_paths.join(", ")}`),
  );
  return { undisabled, idle };
}
