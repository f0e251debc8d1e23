import type { FieldViolation } from "../../contract/field-violation.ts";

/** Collects violations, up to a bound: a hostile body must not make a large answer. */
export type ViolationList = {
  readonly found: readonly FieldViolation[];
  /** A field of "" is the whole body. */
  add(field: string, description: string): void;
};

const mostViolations = 100;

/** Creates an empty list. */
export function createViolationList(): ViolationList {
  const found: FieldViolation[] = [];
  return {
    found,
    add(field, description) {
      if (found.length < mostViolations) {
        found.push({ field: field === "" ? "body" : field, description });
      }
    },
  };
}

/** Shows a name that the caller chose: cut, and quoted unless it is a plain word. */
export function shownName(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
}
