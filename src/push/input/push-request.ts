import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { UnknownFields } from "../../contract/unknown-names/unknown-fields.ts";
import type { Mapping } from "./csv/mapping.ts";

/** How to turn the records of an input into requests. */
export type RecordOptions = {
  /** `operators/{asn_id}` for records without parent. */
  parent?: string | undefined;
  /** For records without clientId: a client, or `any` for all clients that have no status of their own. */
  client?: string | undefined;
  /** The records are plain PlanStatus, and the field of this name is the user key. */
  userKeyField?: string | undefined;
  /** What to do with what the contract does not know. By default, the endpoint decides. */
  unknownFields?: UnknownFields | undefined;
  /** The input is CSV, whose rows this turns into request messages. */
  mapping?: Mapping | undefined;
  /** Takes user keys that are numbers as text, with all their digits. */
  coerce?: boolean | undefined;
};

/** The request of a valid record, without its message: thousands of requests wait at a time. */
export type PushRequest = {
  readonly method: "createUserPlanStatus" | "createPlanStatus" | "createPlanGroup";
  readonly parent: string;
  /** Empty for all clients, as it always is for a plan group. */
  readonly clientId: string;
  /** The user key; of a plan group, its id. */
  readonly userKey: string;
  /** Requests with the same key are sent one after the other, in order. */
  readonly queueKey: string;
  /** What is sent: over REST, the status or the request of a plan group as JSON; over other protocols, the encoded request. */
  readonly body: string | Uint8Array;
  /** Notifications that the push triggers. */
  readonly notifications: readonly NotificationType[];
  /** What the contract does not know or allow, but the server may accept. Absent if there is nothing. */
  readonly warnings?: readonly FieldViolation[];
};

/** A valid record as a request, or all violations of an invalid one. */
export type ParsedRecord =
  | { readonly request: PushRequest }
  | { readonly violations: readonly FieldViolation[]; readonly userKey?: string | undefined };
