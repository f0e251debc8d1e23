import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../emulator/problem.ts";

/** Returns what is wrong with a field or with a part of it, such as `operators[0]` of `operators`. */
export function violationOf(problem: Problem | undefined, field: string): string | undefined {
  return problem?.violations.find((violation) => isWithin(violation.field, field))?.description;
}

/** Returns a problem without what is shown at its fields; undefined if nothing is left of it. */
export function besides(problem: Problem | undefined, fields: readonly string[]): Problem | undefined {
  const violations = problem?.violations.filter(
    (violation) => !fields.some((field) => isWithin(violation.field, field)),
  );
  const isShown = problem !== undefined && problem.violations.length > 0 && violations?.length === 0;
  return problem === undefined || isShown ? undefined : { ...problem, violations: violations ?? [] };
}

function isWithin(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

/** Moves the focus to the first invalid control of a form, once its errors are shown after `fail` was called. */
export function useInvalidFocus() {
  const form = useRef<HTMLFormElement>(null);
  const [failures, setFailures] = useState(0);
  useEffect(() => {
    if (failures > 0) {
      form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
    }
  }, [failures]);
  return { form, fail: () => setFailures((count) => count + 1) };
}
