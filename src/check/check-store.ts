import { createHash } from "node:crypto";
import { parentOf } from "../contract/resource-names.ts";
import type { PlanStore, RecordKey } from "../store/plan-store.ts";
import type { RecordCheck } from "./check-record.ts";
import type { Report } from "./finding.ts";

/** Records with faults after which the rest is only counted. */
const mostTold = 100;

/**
 * Reads every unexpired record of a store that servers may go on with, and reports what is wrong with it. Resolves with
 * the number of records. A record that the store cannot read ends the check, with a finding.
 */
export async function checkStore(store: PlanStore, check: RecordCheck, report: Report): Promise<number> {
  let records = 0;
  let faulty = 0;
  try {
    for await (const page of store.scan()) {
      for (const record of page.records) {
        records += 1;
        const problems = check(record);
        if (problems.length > 0 && faulty++ < mostTold) {
          report({ severity: "error", place: shown(record.key), problem: problems.join("; ") });
        }
      }
    }
  } catch (error) {
    const problem = `reading ended after ${records} records: ${(error as Error).message}`;
    report({ severity: "error", place: "the store", problem });
  }
  if (faulty > mostTold) {
    report({
      severity: "error",
      place: "the store",
      problem: `${faulty - mostTold} more records have faults`,
    });
  }
  return records;
}

/** Names a record so that whoever has the store can find it, and nobody else learns a user key at sight. */
function shown({ kind, asn, clientId, id }: RecordKey): string {
  const client = clientId === "" ? "" : `, client ${clientId}`;
  const digest = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return `${kind} of ${parentOf(asn)}${client}, id of SHA-256 ${digest}…`;
}
