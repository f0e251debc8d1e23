import { endpointOf } from "../../client/endpoint.ts";
import { type FieldViolation, maxViolations, moreViolations } from "../../contract/field-violation.ts";
import type { UnknownFields } from "../../contract/unknown-names/unknown-fields.ts";
import { provisionalToken } from "../../plans/contract-rules.ts";
import { isOwnLimit } from "../../plans/own-limits.ts";

/** What a record may contain although the contract does not allow it, because its server decides. */
export type Leniency = {
  readonly unknownFields: UnknownFields;
  /** Whether the limits of this project are warnings only. */
  readonly exceedsLimits: boolean;
};

/**
 * Returns the leniency towards an endpoint; undefined is no endpoint. Google's hosts accept fields and values that are newer
 * than the contract, and state no limits.
 */
export function leniencyFor(endpoint: string | undefined, chosen: UnknownFields | undefined): Leniency {
  const isGoogle = endpoint !== undefined && endpointOf(endpoint).google;
  return { unknownFields: chosen ?? (isGoogle ? "warn" : "refuse"), exceedsLimits: isGoogle };
}

/** Findings in a record. Violations prevent that it is sent. Paths begin at the request, such as `planStatus.plans[0]`. */
export type Findings = {
  readonly violations: readonly FieldViolation[];
  readonly warnings: readonly FieldViolation[];
};

/** Separates violations from warnings. `unknown`: what the record has that the contract does not know. */
export function separate(
  all: readonly FieldViolation[],
  unknown: readonly FieldViolation[],
  { unknownFields, exceedsLimits }: Leniency,
): Findings {
  const violations: FieldViolation[] = [];
  const warnings = unknownFields === "warn" ? [...unknown] : [];
  const objects = new Set(
    unknown.map(({ field }) => objectOf(field)).filter((path) => inResource.test(path)),
  );
  // At most a hundred are reported: there may be more anywhere in the status.
  const within = unknown.length < maxViolations ? objects : "all";
  for (const violation of all) {
    const isAllowed =
      unknownFields !== "refuse" && (isUnknownValue(violation) || mayBeElsewhere(violation, within));
    if (isOwnLimit(violation)) {
      (exceedsLimits ? warnings : violations).push(explainLimit(violation));
    } else if (isAllowed) {
      warnings.push(...(unknownFields === "warn" ? [violation] : []));
    } else {
      violations.push(violation);
    }
  }
  // All that are known are warnings, and the server decides about the others.
  const isCut = violations.length === 1 && violations[0] === moreViolations && warnings.length > 0;
  return { violations: isCut ? [] : violations, warnings };
}

/** Says of a limit of this project that it is one. */
export function explainLimit(violation: FieldViolation): FieldViolation {
  const { field, description } = violation;
  return isOwnLimit(violation)
    ? { field, description: `${description} (a limit of this project, not of Google)` }
    : violation;
}

/** Paths in the status or the plan group of a request. */
const inResource = /^plan(?:Status|Group)\b/;

/** Returns the path of the object that an unknown field or value is in, with the names of JSON: records may have others. */
function objectOf(path: string): string {
  const object = path.replace(/(?:\[\d+\])?$/, "").replace(/\.?(?:"(?:[^"\\]|\\.)*"|\w+)$/, "");
  return object.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns whether a violation is of a text for which Google may know more values than the contract. */
function isUnknownValue({ field, description }: FieldViolation): boolean {
  return (
    description === provisionalToken || (field === "clientId" && description.startsWith("must be in list"))
  );
}

/**
 * Returns whether a violation is that something is missing which an unknown field or value of one of these objects may
 * contain, such as a new kind of balance. Items of lists are other objects.
 */
function mayBeElsewhere(
  { field, description }: FieldViolation,
  objects: ReadonlySet<string> | "all",
): boolean {
  if (!/^(?:value is required|must set at least one of)/.test(description)) {
    return false;
  }
  if (objects === "all") {
    return /^plan(?:Status|Group)\./.test(field);
  }
  for (let path = field; inResource.test(path); path = path.replace(/\.?\w+$/, "")) {
    if (objects.has(path)) {
      return true;
    }
    if (!/\w$/.test(path)) {
      return false;
    }
  }
  return false;
}
