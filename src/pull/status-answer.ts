import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { Clock } from "../contract/clock.ts";
import type { FieldViolation } from "../contract/field-violation.ts";
import type { UnknownFields } from "../contract/unknown-names/unknown-fields.ts";
import { createRecordParser } from "../push/input/record-parser.ts";
import { parseJsonDocument } from "../transcoding/index.ts";
import { isObject } from "./answer-rules.ts";
import { error, type Problem, warning } from "./finding.ts";

/** A plan status in an answer. */
export type StatusAnswer = {
  /** Absent if it is not valid. */
  readonly planStatus?: PlanStatus;
  /** The notifications that Google would send if this status was pushed. */
  readonly notifications: readonly NotificationType[];
  readonly problems: readonly Problem[];
};

export type StatusAnswerOptions = {
  readonly userKey: string;
  readonly clientId: string;
  /** What to do with fields and enum values that the contract does not know. Defaults to `refuse`, as `mdps validate` does. */
  readonly unknownFields?: UnknownFields | undefined;
  readonly clock: Clock;
  /** How far in the future an `updateTime` may lie, in milliseconds. */
  readonly clockSkewMs: number;
};

/** Any operator: the answer names none. */
const parent = "operators/65001";

/**
 * Creates the check of bodies that are a PlanStatus. It is that of a push to Google: the rules of the contract, the rules
 * about the current time and those of notifications, all at once. Limits of this project are warnings.
 */
export function createStatusCheck(options: StatusAnswerOptions): (body: Uint8Array) => StatusAnswer {
  const { userKey, clientId, unknownFields = "refuse", clock, clockSkewMs } = options;
  const parse = createRecordParser({ endpoint: "production", unknownFields }, () => ({
    nowMs: clock.now(),
    clockSkewMs,
    clockName: "this machine's clock",
  }));
  const head = JSON.stringify({ parent, clientId, userKey }).slice(0, -1);

  return function checkStatus(body) {
    const document = parseJsonDocument(body);
    const violations =
      "violations" in document
        ? document.violations
        : isObject(document.json)
          ? []
          : [{ field: "body", description: "must be a JSON object: a PlanStatus" }];
    if (violations.length > 0) {
      return { notifications: [], problems: violations.map(inAnswer(error)) };
    }
    // The request that pushes the status.
    const bytes = Buffer.concat([Buffer.from(`${head},"planStatus":`), body, Buffer.from("}")]);
    const parsed = parse({ index: 1, end: bytes.length, crc: 0, bytes });
    if ("violations" in parsed) {
      return { notifications: [], problems: parsed.violations.map(inAnswer(error)) };
    }
    const { message, notifications, warnings = [] } = parsed.request;
    return {
      ...(message.planStatus && { planStatus: message.planStatus }),
      notifications,
      problems: warnings.map(inAnswer(warning)),
    };
  };
}

/** Converts a violation of the request: its paths begin at the status. */
function inAnswer(problem: (field: string, description: string) => Problem) {
  return ({ field, description }: FieldViolation): Problem => {
    const path = field.replace(/^planStatus\.?/, "");
    return problem(path === "" || path === "record" || path === "request" ? "body" : path, description);
  };
}
