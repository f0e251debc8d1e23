import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  CreatePlanStatusRequestSchema,
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type FieldViolation, limitViolations } from "../../contract/field-violation.ts";
import { createContractRules } from "../../plans/contract-rules.ts";
import { listLimitOf } from "../../plans/list-limits.ts";
import { notificationsOf } from "../../plans/notifications.ts";
import { brokenTimeRules, type TimeRuleOptions } from "../../plans/time-rules.ts";
import { createJsonReader, parseJsonDocument } from "../../transcoding/index.ts";
import type { ParsedRecord, RecordOptions } from "./push-request.ts";
import { maxSentSize, type RawRecord } from "./record.ts";

/** Turns a record into a request, or returns all its violations. Never throws. */
export type RecordParser = (record: RawRecord) => ParsedRecord;

type JsonObject = Record<string, unknown>;

/** A request, the JSON of its status, and whether that is the whole record. */
type ReadRequest = {
  readonly request: CreateUserPlanStatusRequest;
  readonly json: JsonObject;
  readonly isWhole: boolean;
};

type Read = ReadRequest | { readonly violations: readonly FieldViolation[] };

/**
 * Creates the parser. It applies the rules of the contract as the server does. Rules about the current time are only
 * applied if `times` is given; otherwise they are left to the server and its clock.
 */
export function createRecordParser(options: RecordOptions, times?: () => TimeRuleOptions): RecordParser {
  const { parent = "", client, userKeyField } = options;
  const rules = createContractRules();
  const readRequest = createJsonReader(CreateUserPlanStatusRequestSchema, { listLimits: listLimitOf });
  const readStatus = createJsonReader(PlanStatusSchema, { listLimits: listLimitOf });
  const hasOwnKey = PlanStatusSchema.fields.some(
    ({ name, jsonName }) => name === userKeyField || jsonName === userKeyField,
  );

  return function parseRecord(record) {
    const problem = problemOf(record);
    if (problem !== undefined) {
      return unreadable(problem);
    }
    const document = parseJsonDocument(record.bytes);
    if ("violations" in document) {
      return { violations: document.violations.map((each) => explain(each, record)) };
    }
    const { json, text } = document;
    if (!isObject(json)) {
      return unreadable("must be a JSON object");
    }
    const read = userKeyField === undefined ? fromRequest(json, text) : fromStatus(json, text, userKeyField);
    if ("violations" in read) {
      const userKey = json[userKeyField ?? "userKey"];
      return { violations: read.violations, userKey: typeof userKey === "string" ? userKey : undefined };
    }
    return validate(read, record);
  };

  function fromRequest(json: JsonObject, text: string): Read {
    const read = readRequest({ json, text });
    const status = (json.planStatus ?? json.plan_status ?? {}) as JsonObject;
    return "violations" in read ? read : { request: read.message, json: status, isWhole: false };
  }

  function fromStatus(json: JsonObject, text: string, field: string): Read {
    const userKey = json[field];
    if (typeof userKey !== "string") {
      const description =
        userKey === undefined
          ? "value is required: it identifies the user"
          : "must be a string: it identifies the user";
      return { violations: [{ field, description }] };
    }
    const { [field]: _, ...rest } = json;
    const own = hasOwnKey ? json : rest;
    const read = readStatus({ json: own, text }, hasOwnKey ? 0 : 1);
    if ("violations" in read) {
      return read;
    }
    const request = create(CreateUserPlanStatusRequestSchema, { userKey });
    request.planStatus = read.message;
    return { request, json: own, isWhole: hasOwnKey };
  }

  function validate({ request, json, isWhole }: ReadRequest, record: RawRecord): ParsedRecord {
    request.parent ||= parent;
    request.clientId ||= client === undefined || client === "any" ? "" : client;
    const forAll = request.clientId === "" && client === "any";
    const { userKey, planStatus } = request;
    const call = forAll
      ? ({
          method: "createPlanStatus",
          message: create(CreatePlanStatusRequestSchema, {
            parent: request.parent,
            userKey,
            ...(planStatus && { planStatus }),
          }),
        } as const)
      : ({ method: "createUserPlanStatus", message: request } as const);
    const desc: DescMessage = forAll ? CreatePlanStatusRequestSchema : CreateUserPlanStatusRequestSchema;
    const violations = rules(desc, call.message as never).map(hint);
    const sent = planStatus === undefined ? undefined : notificationsOf(planStatus, "planStatus");
    if (planStatus !== undefined && sent !== undefined) {
      violations.push(
        ...(times === undefined ? [] : brokenTimeRules(planStatus, "planStatus", times())),
        ...sent.violations,
      );
    }
    if (/^\.{1,2}$/.test(userKey) && !forAll) {
      violations.push({
        field: "userKey",
        description: "must not be . or .., which a URL path cannot contain",
      });
    }
    if (violations.length > 0) {
      const shown = limitViolations(violations);
      return { violations: userKeyField === undefined ? shown : shown.map(asWritten), userKey };
    }
    return {
      request: {
        ...call,
        userKey,
        queueKey: `${request.parent} ${request.clientId} ${userKey}`,
        body: isWhole ? record.bytes : JSON.stringify(json),
        notifications: sent?.types ?? [],
      },
    };
  }

  /** Returns a violation with the path that the field has in a plain PlanStatus. */
  function asWritten({ field, description }: FieldViolation): FieldViolation {
    const path = field === "userKey" ? (userKeyField ?? field) : field.replace(/^planStatus\.?/, "");
    return { field: path === "" ? "body" : path, description };
  }
}

function problemOf({ problem, bytes }: RawRecord): string | undefined {
  if (problem !== undefined) {
    return problem;
  }
  return bytes.length > maxSentSize
    ? `is ${bytes.length} bytes long, but at most ${maxSentSize} bytes can be sent`
    : undefined;
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
