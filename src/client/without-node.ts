/** The part of the client that imports nothing of Node: functions that build and check a status, and read errors. */
export type { FieldViolation } from "../contract/field-violation.ts";
export {
  type ByteBalance,
  byteBalance,
  minuteBalance,
  type TimeBalance,
  unlimitedBytes,
} from "./balances.ts";
export type { InitWithDates, Moment } from "./dates.ts";
export { type Money, MoneySchema, money } from "./money.ts";
export {
  expiresIn,
  type Lifetime,
  type PlanStatusInit,
  planStatusOf,
} from "./plan-status-of.ts";
export { type CallError, readError } from "./read-error.ts";
export { type ValidateOptions, type Validation, validate } from "./validation.ts";
