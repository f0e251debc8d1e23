import type { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type {
  CreatePlanStatusRequest,
  CreateUserPlanStatusRequest,
} from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";

/** The clients that a status can be for: one of the API's, or all that have none of their own. */
export type ClientChoice = "mobiledataplan" | "youtube" | "any";

/** How the records of an input become requests. */
export type RecordOptions = {
  /** `operators/{asn_id}` for records that name no parent. */
  parent?: string | undefined;
  /** For records that name no client. */
  client?: ClientChoice | undefined;
  /** The records are plain PlanStatus, and this member has the user key. */
  userKeyField?: string | undefined;
};

type Create =
  | { readonly method: "createUserPlanStatus"; readonly message: CreateUserPlanStatusRequest }
  | { readonly method: "createPlanStatus"; readonly message: CreatePlanStatusRequest };

/** A request that a record stands for. It keeps the rules of the contract. */
export type PushRequest = Create & {
  readonly userKey: string;
  /** Requests with the same key are sent one after the other, in order. */
  readonly queueKey: string;
  /** The status as JSON, for REST. */
  readonly body: string | Uint8Array;
  /** What the push makes the server send. */
  readonly notifications: readonly NotificationType[];
};

/** What a record is: a request, or everything that keeps it from being one. */
export type ParsedRecord =
  | { readonly request: PushRequest }
  | { readonly violations: readonly FieldViolation[]; readonly userKey?: string | undefined };
