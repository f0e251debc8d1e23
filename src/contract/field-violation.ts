import type { DescField } from "@bufbuild/protobuf";

/** One violation: a field of a request, and what was expected of its value. */
export type FieldViolation = {
  /** Path of the field in the caller's spelling, such as `planStatus.plans[0].planId`. */
  readonly field: string;
  /** What was expected. */
  readonly description: string;
};

/** The largest number of items of a list or map, and the description of the violation if it has more. */
export type ListLimit = { readonly most: number; readonly description: string };

/** Returns the limit of a repeated or map field; undefined if it has none. */
export type ListLimits = (field: DescField) => ListLimit | undefined;

/** Largest number of violations that an error lists. The search for more ends soon after. */
export const maxViolations = 100;

/** Stands in a list of violations that is not complete, because the search for more was ended. */
export const moreViolations: FieldViolation = {
  field: "request",
  description: "has more violations, which are not listed",
};

/**
 * Maximum size of all violations of an error, in bytes of binary protobuf. gRPC sends them in a trailer as base64, and
 * many clients lose the whole error, including its code, if trailers are larger than 8 KiB.
 */
const maxBytes = 5_000;

/** Longest path that is shown, in characters. Keys of maps make paths long. */
const maxPathLength = 256;

/**
 * Returns the first violations: as many as an error can list. If there are more, the last one says so, and how many, if
 * that is known.
 */
export function limitViolations(violations: readonly FieldViolation[]): FieldViolation[] {
  const all = violations.filter((violation) => violation !== moreViolations);
  const shown: FieldViolation[] = [];
  let bytes = 0;
  const most = violations.length > maxViolations ? maxViolations - 1 : maxViolations;
  for (const { field, description } of all.slice(0, most)) {
    const path = field.length > maxPathLength ? `${field.slice(0, maxPathLength - 1)}…` : field;
    // Tags and lengths of a violation take at most eight bytes.
    bytes += new TextEncoder().encode(path + description).length + 8;
    if (bytes > maxBytes) {
      break;
    }
    shown.push({ field: path, description });
  }
  if (all.length < violations.length) {
    return [...shown, moreViolations];
  }
  const more = all.length - shown.length;
  const description = `has ${more} more violation${more === 1 ? "" : "s"}, which ${more === 1 ? "is" : "are"} not listed`;
  return more === 0 ? shown : [...shown, { field: moreViolations.field, description }];
}

/** Returns the first violation and the number of the others, as the message of an error. */
export function summarizeViolations(violations: readonly FieldViolation[], separator: string): string {
  const [first] = violations;
  if (first === undefined) {
    return "the request is invalid";
  }
  const isComplete = !violations.includes(moreViolations);
  const others = isComplete ? violations.length - 1 : violations.length - 2;
  const more = isComplete ? `${others} more` : `more than ${others} more`;
  const { field } = limitViolations([first])[0] ?? first;
  return `${field}${separator}${first.description}${violations.length > 1 ? ` (and ${more})` : ""}`;
}
