import type { FieldViolation } from "../../contract/field-violation.ts";

/** Collects violations, at most 100, so that a malicious body cannot cause a large response. */
export type ViolationList = {
  readonly found: readonly FieldViolation[];
  /** Adds a violation and returns undefined. The field "" is the whole body. Descriptions never quote the value. */
  add(field: string, description: string): undefined;
};

const maxViolations = 100;

export function createViolationList(): ViolationList {
  const found: FieldViolation[] = [];
  return {
    found,
    add(field, description) {
      if (found.length < maxViolations) {
        found.push({ field: field === "" ? "body" : field, description });
      }
      return undefined;
    },
  };
}

/** Returns a name from the request for display: at most 64 characters, quoted unless it is a plain word. */
export function shownName(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64));
}
