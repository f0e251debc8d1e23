import { endpointOf } from "../../client/endpoint.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { UnknownFields } from "../../contract/unknown-names/unknown-fields.ts";
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

/** Findings in a record. Violations prevent that it is sent. Paths begin at the request: `planStatus.plans[0]`. */
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
  const objects = unknown.map(({ field }) => objectOf(field)).filter((path) => path.startsWith("planStatus"));
  for (const violation of all) {
    const isAllowed =
      unknownFields !== "refuse" &&
      (isUnknownClient(violation) || objects.some((path) => mayBeElsewhere(violation, path)));
    if (isOwnLimit(violation)) {
      (exceedsLimits ? warnings : violations).push(explainLimit(violation));
    } else if (isAllowed) {
      warnings.push(...(unknownFields === "warn" ? [violation] : []));
    } else {
      violations.push(violation);
    }
  }
  return { violations, warnings };
}

/** Says of a limit of this project that it is one. */
export function explainLimit(violation: FieldViolation): FieldViolation {
  const { field, description } = violation;
  return isOwnLimit(violation)
    ? { field, description: `${description} (a limit of this project, not of Google)` }
    : violation;
}

/** Returns the path of the object that an unknown field or value is in. */
function objectOf(path: string): string {
  return path.replace(/(?:\[\d+\])?$/, "").replace(/\.?(?:"(?:[^"\\]|\\.)*"|\w+)$/, "");
}

function isUnknownClient({ field, description }: FieldViolation): boolean {
  return field === "clientId" && description.startsWith("must be in list");
}

/**
 * Returns whether a violation is that something is missing which an unknown field or value of the same object may contain,
 * such as a new kind of balance. Items of lists are other objects.
 */
function mayBeElsewhere({ field, description }: FieldViolation, object: string): boolean {
  const isMissing = /^(?:value is required|must set at least one of)/.test(description);
  const inside = field === object ? "" : field.startsWith(`${object}.`) ? field.slice(object.length) : "[";
  return isMissing && !inside.includes("[");
}
