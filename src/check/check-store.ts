import { createHash } from "node:crypto";
import { parentOf } from "../contract/resource-names.ts";
import type { PlanStore, RecordKey } from "../store/plan-store.ts";
import type { RecordCheck } from "./check-record.ts";
import type { Report } from "./finding.ts";

/** Invalid records to report individually; further ones are only counted. */
const maxReported = 100;

/**
 * Checks every unexpired record of a store, which servers may use meanwhile. Resolves with the number of records. A
 * record that the store cannot read ends the check with a finding.
 */
export async function checkStore(store: PlanStore, check: RecordCheck, report: Report): Promise<number> {
  let records = 0;
  let invalid = 0;
  try {
    for await (const page of store.scan()) {
      for (const record of page.records) {
        records += 1;
        const problems = check(record);
        if (problems.length > 0 && invalid++ < maxReported) {
          report({ severity: "error", place: shown(record.key), problem: problems.join("; ") });
        }
      }
    }
  } catch (error) {
    const problem = `reading failed after ${records} records: ${(error as Error).message}`;
    report({ severity: "error", place: "the store", problem });
  }
  if (invalid > maxReported) {
    const problem = `${invalid - maxReported} more records are invalid`;
    report({ severity: "error", place: "the store", problem });
  }
  return records;
}

/** Describes a record without its user key: the digest lets an operator with access to the store find it. */
function shown({ kind, asn, clientId, id }: RecordKey): string {
  const client = clientId === "" ? "" : `, client ${clientId}`;
  const digest = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return `${kind} of ${parentOf(asn)}${client}, id of SHA-256 ${digest}…`;
}
