import { create } from "@bufbuild/protobuf";
import type { CreatePlanGroupRequest } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import {
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingProtocol } from "../../client/index.ts";
import { contractCodecs } from "../../contract/contract-types.ts";
import { type FieldViolation, limitViolations } from "../../contract/field-violation.ts";
import { checkRequest } from "../../plans/check-request.ts";
import { sharedContractRules } from "../../plans/contract-rules.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createRulesBeyondLimits } from "../../plans/own-limits.ts";
import type { TimeRuleOptions } from "../../plans/time-rules.ts";
import { createTolerantRules } from "../../plans/undefined-enums.ts";
import { createJsonReader, type JsonDocument, parseJsonDocument } from "../../transcoding/index.ts";
import { callOf } from "./call.ts";
import { replaceKey } from "./find-key.ts";
import { explainLimit, leniencyFor, separate } from "./leniency.ts";
import { memberValue, withoutMember } from "./member-text.ts";
import { withTextKey } from "./numeric-key.ts";
import { createPlanGroupReader } from "./plan-groups.ts";
import type { ParsedRecord, RecordOptions } from "./push-request.ts";
import { maxSentSize, type RawRecord, type RecordRow } from "./record.ts";

/** Turns a record into a request, or returns all its violations. Never throws. */
export type RecordParser = (record: RawRecord) => ParsedRecord;

type JsonObject = Record<string, unknown>;

/** A request, and its status or group as it is written. */
type ReadRequest = {
  readonly request: CreateUserPlanStatusRequest | CreatePlanGroupRequest;
  /** Returns the body, for REST. */
  readonly body: () => string | Uint8Array;
};

type Read = ReadRequest | { readonly violations: readonly FieldViolation[] };

export type ParserOptions = RecordOptions & {
  /** Endpoint of the records, which decides what is a warning only. */
  endpoint?: string | undefined;
  /** Protocol by which they are sent. Defaults to REST. */
  protocol?: PlanSharingProtocol | undefined;
};

/**
 * Creates the parser. It applies the rules of the contract as the server does. Rules about the current time are only
 * applied if `times` is given; otherwise they are left to the server and its clock.
 */
export function createRecordParser(options: ParserOptions, times?: () => TimeRuleOptions): RecordParser {
  const { userKeyField } = options;
  const isRest = (options.protocol ?? "rest") === "rest";
  const leniency = leniencyFor(options.endpoint, options.unknownFields);
  /** What the contract does not know in the current record, with the paths of a request. */
  let unknown: FieldViolation[] = [];
  const onUnknownField = ({ field, description }: FieldViolation) => {
    // Over REST, the status is sent as it is written. Of the other fields, the names that are known are in the path.
    const isSent = isRest && /^plan(?:S|_s)tatus\./.test(field);
    unknown.push(isSent ? { field, description } : notSent({ field, description }));
  };
  const ignoreUnknownFields = leniency.unknownFields !== "refuse";
  const contractRules = sharedContractRules();
  const known = ignoreUnknownFields ? createTolerantRules(contractRules, onUnknownField) : contractRules;
  const rules = leniency.exceedsLimits ? createRulesBeyondLimits(known) : known;
  const reading = {
    ignoreUnknownFields,
    codecs: contractCodecs,
    ...(!leniency.exceedsLimits && { listLimits: listLimitOf }),
  };
  const readRequest = createJsonReader(CreateUserPlanStatusRequestSchema, { ...reading, onUnknownField });
  const readStatus = createJsonReader(PlanStatusSchema, {
    ...reading,
    onUnknownField: ({ field, description }) => onUnknownField({ field: `planStatus.${field}`, description }),
  });
  const groups = createPlanGroupReader(userKeyField !== undefined, {
    ...reading,
    onUnknownField: (found) => unknown.push(isRest ? found : notSent(found)),
  });
  const hasOwnKey = PlanStatusSchema.fields.some(
    ({ name, jsonName }) => name === userKeyField || jsonName === userKeyField,
  );

  return (record) =>
    record.row === undefined ? parseRecord(record) : inColumns(parseRecord(record), record.row);

  function parseRecord(record: RawRecord): ParsedRecord {
    const problem = record.problem ?? (leniency.exceedsLimits ? undefined : tooLong(record));
    if (problem !== undefined) {
      return unreadable(problem);
    }
    unknown = [];
    const document = parseJsonDocument(record.bytes);
    if ("violations" in document) {
      return { violations: document.violations.map((each) => explain(each, record)) };
    }
    if (!isObject(document.json)) {
      return unreadable("must be a JSON object");
    }
    if (isUnreadableRow(document.json)) {
      return unreadable(
        "is a row of a CSV file that could not be read: repair it in that file, and push the row from there",
      );
    }
    const isGroup = groups.isGroup(document.json);
    const written = withTextKey(
      { json: document.json, bytes: record.bytes },
      { userKeyField, isGroup, coerce: options.coerce === true },
    );
    if ("field" in written) {
      return { violations: [written] };
    }
    const { json, bytes } = written;
    const read =
      userKeyField === undefined
        ? fromRequest({ ...document, json }, json, bytes, isGroup)
        : fromStatus({ ...document, json }, json, bytes, isGroup, userKeyField);
    if ("violations" in read) {
      const userKey = userKeyField === undefined ? keyOfRequest(json) : json[userKeyField];
      return {
        violations: read.violations.map(explainLimit),
        userKey: typeof userKey === "string" ? userKey : undefined,
      };
    }
    const parsed = validate(read, record);
    return "violations" in parsed && userKeyField !== undefined && groups.isNeither(json)
      ? { ...parsed, violations: [...parsed.violations, unrecognised] }
      : parsed;
  }

  function fromRequest(document: JsonDocument, json: JsonObject, bytes: Uint8Array, isGroup: boolean): Read {
    if (isGroup) {
      return groups.fromRequest(document, json, bytes);
    }
    const read = readRequest(document);
    if ("violations" in read) {
      return read;
    }
    const isStatus = (key: string) => key === "planStatus" || key === "plan_status";
    const body = () => memberValue(bytes, isStatus, Object.keys(json).length) ?? "{}";
    return { request: read.message, body };
  }

  function fromStatus(
    document: JsonDocument,
    json: JsonObject,
    bytes: Uint8Array,
    isGroup: boolean,
    field: string,
  ): Read {
    const userKey = json[field];
    if (typeof userKey !== "string") {
      const description =
        userKey === undefined
          ? "value is required: it identifies the user"
          : "must be a string: it identifies the user";
      return { violations: [{ field, description }] };
    }
    if (isGroup) {
      return groups.fromGroup(document, json, bytes, field);
    }
    const { [field]: _, ...rest } = json;
    const own = hasOwnKey ? json : rest;
    const read = readStatus({ ...document, json: own }, hasOwnKey ? 0 : 1);
    if ("violations" in read) {
      return read;
    }
    const request = create(CreateUserPlanStatusRequestSchema, { userKey });
    request.planStatus = read.message;
    const isKey = (key: string) => key === field;
    const body = () => (hasOwnKey ? bytes : withoutMember(bytes, isKey, Object.keys(json).length));
    return { request, body };
  }

  function validate({ request, body }: ReadRequest, record: RawRecord): ParsedRecord {
    const call = callOf(request, options);
    const { method, parent, clientId, userKey } = call;
    const checked = checkRequest(call.desc, call.message, { rules, times: times?.() });
    const found = [...checked.violations.map(hint), ...call.violations];
    const { violations, warnings } = separate(found, unknown, leniency);
    const shownOf = (all: readonly FieldViolation[]) =>
      userKeyField === undefined ? all : all.map(asWritten);
    if (violations.length > 0) {
      return { violations: shownOf(limitViolations(violations)), userKey };
    }
    const shown = [...sizeWarning(record), ...shownOf(warnings)];
    return {
      request: {
        method,
        parent,
        clientId,
        userKey,
        queueKey: `${parent} ${clientId} ${userKey}`,
        body: isRest ? body() : call.encode(),
        notifications: checked.notifications,
        ...(shown.length > 0 && { warnings: shown.map((each) => withoutKey(each, userKey)) }),
      },
    };
  }

  /** Returns a violation with the path that the field has in a plain PlanStatus or PlanGroup. */
  function asWritten({ field, description }: FieldViolation): FieldViolation {
    const isKey = field === "userKey" || field === "planGroupId";
    const path = isKey ? (userKeyField ?? field) : field.replace(/^plan(?:Status|Group)\b\.?/, "");
    return { field: path === "" ? "body" : path, description };
  }
}

/** Names the columns of violations, and adds those that the reader of CSV has found. */
function inColumns(parsed: ParsedRecord, { violations: found, columnOf }: RecordRow): ParsedRecord {
  if ("request" in parsed && found.length === 0) {
    return parsed;
  }
  const others =
    "request" in parsed
      ? []
      : parsed.violations.filter(({ field }) => found.every((each) => each.field !== field));
  const named = others.map(({ field, description }) => {
    const column = columnOf(field);
    return { field, description: column === undefined ? description : `${description} (column ${column})` };
  });
  return {
    violations: [...found, ...named],
    userKey: "request" in parsed ? parsed.request.userKey : parsed.userKey,
  };
}

/** Explains the violations of a record that is read as a status for want of anything else. */
const unrecognised: FieldViolation = {
  field: "record",
  description: "has no field of a status, as which it is read; a plan group is recognised by dataPlans",
};

/** Says of something unknown that it is not sent. */
function notSent({ field, description }: FieldViolation): FieldViolation {
  return { field, description: `${description}; it is not sent` };
}

/** Returns the user key of a request, or the id of a plan group, if it is there. */
function keyOfRequest({ userKey, user_key, planGroupId, plan_group_id }: JsonObject): unknown {
  return userKey ?? planGroupId ?? user_key ?? plan_group_id;
}

function tooLong({ bytes }: RawRecord): string | undefined {
  return bytes.length > maxSentSize
    ? `is ${bytes.length} bytes long, but at most ${maxSentSize} bytes can be sent`
    : undefined;
}

/** Returns a warning for a record that servers of this project would not accept. */
function sizeWarning({ bytes }: RawRecord): FieldViolation[] {
  const description = `is longer than ${maxSentSize} bytes (a limit of this project, not of Google)`;
  return bytes.length > maxSentSize ? [{ field: "record", description }] : [];
}

/**
 * Removes the user key from a warning: any text can be the name of an unknown field. Not its end as well, because a warning
 * is counted by its text.
 */
function withoutKey({ field, description }: FieldViolation, userKey: string): FieldViolation {
  const hide = (text: string) => (userKey.length < 3 ? text : replaceKey(text, userKey, "***"));
  return { field: hide(field), description: hide(description) };
}

/** Returns whether a record is what the reader of CSV stores of a row that it could not read. */
function isUnreadableRow(json: JsonObject): boolean {
  return Array.isArray(json.cells) && Object.keys(json).length === 1;
}

function unreadable(description: string): ParsedRecord {
  return { violations: [{ field: "record", description }] };
}

function explain({ field, description }: FieldViolation, record: RawRecord): FieldViolation {
  const cut = record.last === true && description.startsWith("must be JSON");
  return {
    field: field === "body" ? "record" : field,
    description: cut
      ? `${description}; the input ends here without a line break, so it may be cut off`
      : description,
  };
}

/** Adds the flag that sets a missing field. */
function hint(violation: FieldViolation): FieldViolation {
  const flag = { parent: "--operator", clientId: "--client" }[violation.field];
  return flag !== undefined && violation.description === "value is required"
    ? { ...violation, description: `value is required; ${flag} sets it for all records` }
    : violation;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
