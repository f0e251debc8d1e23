import "../contract/require-node.ts";

/** The client: typed methods over every protocol, Google's credentials, and functions that build and check a status. */
export type { FieldViolation } from "../contract/field-violation.ts";
export {
  type ByteBalance,
  byteBalance,
  minuteBalance,
  type TimeBalance,
  unlimitedBytes,
} from "./balances.ts";
export {
  createPlanSharingClient,
  type PlanSharingClient,
  type PlanSharingClientOptions,
} from "./client.ts";
export {
  type GoogleCredentialsOptions,
  googleCredentials,
} from "./credentials/google-credentials.ts";
export type { ServiceAccountKeyFile } from "./credentials/key-file.ts";
export type { InitWithDates, Moment } from "./dates.ts";
export type { GoogleEndpoint } from "./endpoint.ts";
export { type Money, MoneySchema, money } from "./money.ts";
export {
  expiresIn,
  type Lifetime,
  type PlanStatusInit,
  planStatusOf,
} from "./plan-status-of.ts";
export { type CallError, readError } from "./read-error.ts";
export type { Attempt } from "./retry-interceptor.ts";
export type { Pacing, RetryOptions } from "./retry-policy.ts";
export type { TokenRequest, TokenSource } from "./token-source.ts";
export type { PlanSharingProtocol } from "./transport.ts";
export { type ValidateOptions, type Validation, validate } from "./validation.ts";
