import { contractCodecs } from "../contract/contract-types.ts";
import { type FieldViolation, limitViolations } from "../contract/field-violation.ts";
import { asnOfParent } from "../contract/resource-names.ts";
import type { ContractRules } from "../plans/contract-rules.ts";
import {
  type CreateRequest,
  recordOfRequest,
  recordViolations,
  requestDesc,
  requestOfRecord,
} from "../services/record-mapping.ts";
import type { PutRecord } from "../store/plan-store.ts";
import { createJsonReader, parseJsonDocument } from "../transcoding/index.ts";

/** Thrown for a line that is not a valid record. The message names the field and what was expected. */
export class RecordLineError extends Error {
  override readonly name = "RecordLineError";
}

/** Returns a record as a line of NDJSON: the JSON of the request that stores it, without a line break. */
export function lineOfRecord({ key, value }: PutRecord): string {
  const request = requestOfRecord(key, value);
  return contractCodecs.writeJson(requestDesc(request), request);
}

/**
 * Returns the record of a line. Throws RecordLineError unless it satisfies the contract's rules, except those of time:
 * they held when the record was accepted.
 */
export function recordOfLine(line: string, rules: ContractRules): PutRecord {
  const request = parse(line);
  const violations = recordViolations(rules, request);
  if (violations.length > 0) {
    throw invalid(violations);
  }
  // The rules require a valid parent.
  const record = recordOfRequest(asnOfParent(request.parent) as number, request);
  if (record === undefined) {
    throw new RecordLineError(`${"planGroupId" in request ? "planGroup" : "planStatus"}: value is required`);
  }
  return record;
}

function invalid(violations: readonly FieldViolation[]): RecordLineError {
  return new RecordLineError(
    limitViolations(violations)
      .map(({ field, description }) => `${field}: ${description}`)
      .join("; "),
  );
}

function parse(line: string): CreateRequest {
  const document = parseJsonDocument(Buffer.from(line));
  if ("violations" in document) {
    throw invalid(document.violations);
  }
  const { json } = document;
  if (typeof json !== "object" || json === null) {
    throw new RecordLineError("a line must be a JSON object");
  }
  const read = createJsonReader(requestDesc(json), { codecs: contractCodecs })(document);
  if ("violations" in read) {
    throw invalid(read.violations);
  }
  return read.message as CreateRequest;
}
