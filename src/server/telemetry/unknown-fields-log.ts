import type { FieldViolation } from "../../contract/field-violation.ts";

/** Paths that are logged by each process. Clients choose the names, so there is no end to them. */
const maxPaths = 100;

/**
 * Creates the log of what requests contain that the contract does not know. It logs each path once, whatever the indexes
 * of lists, because a client that sends an unknown field sends it in every request.
 */
export function createUnknownFieldsLog(
  warn: (message: string, values?: object) => void,
): (unknown: FieldViolation) => void {
  const logged = new Set<string>();
  return function logUnknownField({ field, description }) {
    if (logged.size === maxPaths) {
      return;
    }
    const path = field.replaceAll(/\[\d+\]/g, "[]");
    if (logged.has(path)) {
      return;
    }
    logged.add(path);
    warn("a request contains an unknown field", { field: path, description });
    if (logged.size === maxPaths) {
      warn(`requests contain ${maxPaths} different unknown fields; further ones are not logged`);
    }
  };
}
