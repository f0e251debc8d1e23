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

/** Longest description that is shown, in characters, so that one violation always fits into an error. */
const maxDescriptionLength = 1_024;

/**
 * Cuts a text that is larger than `most` and marks its end with an ellipsis. Cuts between characters, because half a
 * surrogate pair cannot be sent. `sizeOf` returns the size of a text, by default in UTF-16 units.
 */
export function shortenText(text: string, most: number, sizeOf = (part: string) => part.length): string {
  if (sizeOf(text) <= most) {
    return text;
  }
  let kept = "";
  let size = sizeOf("…");
  for (const character of text.toWellFormed()) {
    size += sizeOf(character);
    if (size > most) {
      break;
    }
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Returns a text with control and invisible characters as escapes of JSON, such as `\u202e`. In a log or a terminal, they
 * could hide or change the text around them. The space is visible, other blanks are not.
 */
export function escapeInvisible(text: string): string {
  return text.replaceAll(/(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu, (character) =>
    Array.from(character.split(""), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
}

/** Returns a name that a client chose as a JSON string of at most 64 characters, without invisible ones. */
export function quoteName(name: string): string {
  return escapeInvisible(JSON.stringify(name.slice(0, 64)));
}

/**
 * Returns the first violations: as many as an error can list. If there are more, the last one says so, and how many, if
 * that is known.
 */
export function limitViolations(violations: readonly FieldViolation[]): FieldViolation[] {
  const all = violations.filter((violation) => violation !== moreViolations);
  const shown: FieldViolation[] = [];
  let bytes = 0;
  const most = violations.length > maxViolations ? maxViolations - 1 : maxViolations;
  for (const violation of all.slice(0, most)) {
    const { field, description } = shorten(violation);
    // Tags and lengths of a violation take at most eight bytes.
    bytes += new TextEncoder().encode(field + description).length + 8;
    if (bytes > maxBytes) {
      break;
    }
    shown.push({ field, description });
  }
  if (all.length < violations.length) {
    return [...shown, moreViolations];
  }
  const more = all.length - shown.length;
  return more === 0 ? shown : [...shown, manyMore(more)];
}

function shorten({ field, description }: FieldViolation): FieldViolation {
  return {
    field: shortenText(field, maxPathLength),
    description: shortenText(description, maxDescriptionLength),
  };
}

/** Returns the violation that stands for a number of others. */
function manyMore(count: number): FieldViolation {
  const description = `has ${count} more violation${count === 1 ? "" : "s"}, which ${count === 1 ? "is" : "are"} not listed`;
  return { field: moreViolations.field, description };
}

/** Returns the first `count` violations of a list of {@link limitViolations}, and one that says how many more there are. */
export function firstViolations(listed: readonly FieldViolation[], count: number): FieldViolation[] {
  const last = listed.at(-1);
  const [isMore, number] = /^has (?:(\d+) )?more violations?, /.exec(last?.description ?? "") ?? [];
  const shown = (isMore === undefined ? listed : listed.slice(0, -1)).slice(0, count);
  if (isMore !== undefined && number === undefined) {
    return [...shown, moreViolations];
  }
  const others = listed.length - shown.length + (isMore === undefined ? 0 : Number(number) - 1);
  return others === 0 ? shown : [...shown, manyMore(others)];
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
  const { field, description } = shorten(first);
  return `${field}${separator}${description}${violations.length > 1 ? ` (and ${more})` : ""}`;
}
