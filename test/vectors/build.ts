import type { CaseInit, ExpectedError, JsonObject } from "./case.ts";

/**
 * Allowed clock skew that the cases count on, in seconds: the most that `mdps serve --clock-skew` takes, 31 years. An
 * update time may be 30 days old at most, so that a fixed one can only stay valid by lying ahead.
 */
export const clockSkewSeconds = 999_999_999;

/** Update time of every status that is in time. The cases hold until 30 days after it. */
export const updateTime = "2045-01-01T00:00:00Z";

/** When they expire. */
export const expireTime = "2099-12-31T00:00:00Z";

export const parent = "operators/65001";

/** The smallest status that keeps every rule, with some fields changed. */
export function status(fields: JsonObject = {}): JsonObject {
  return { languageCode: "en-US", updateTime, expireTime, ...fields };
}

/** A status with one plan that has these modules. */
export function statusOf(...planModules: JsonObject[]): JsonObject {
  return status({ plans: [{ planId: "acme-199", planModules }] });
}

/** A module with a name and a description and no balance, with some fields changed. */
export function module(fields: JsonObject): JsonObject {
  return { moduleName: "Data", description: "2 GB for everything", ...fields };
}

/** A module that keeps every rule and notifies nobody, with some fields changed. */
export function byteModule(fields: JsonObject = {}): JsonObject {
  return module({
    byteBalance: { quotaBytes: "2147483648", remainingBytes: "1073741824" },
    ...fields,
  });
}

/** The smallest account that keeps every rule, with some fields changed. */
export function account(fields: JsonObject = {}): JsonObject {
  return {
    accountBalance: { currencyCode: "USD", units: "12", nanos: 500_000_000 },
    accountBalanceStatus: "VALID",
    validUntil: "2046-01-01T00:00:00Z",
    ...fields,
  };
}

/** A push of a status for one client that is accepted, and answered with the status and what else is given. */
export function accepted(
  name: string,
  planStatus: JsonObject,
  { userKey = keyOf(name), clientId = "mobiledataplan", ...answer }: Accepted = {},
): CaseInit {
  return {
    name,
    method: "CreateUserPlanStatus",
    request: { parent, clientId, userKey, planStatus },
    response: { ...planStatus, name: `${parent}/planStatuses/${userKey}`, ...answer },
  };
}

type Accepted = {
  userKey?: string;
  clientId?: string;
  /** Where the key has characters that a name writes otherwise. */
  name?: string;
  notifications?: string[];
};

/** A push of a status for one client that breaks these rules, the paths relative to the status. */
export function refused(name: string, planStatus: JsonObject, ...violations: string[]): CaseInit {
  return {
    name,
    method: "CreateUserPlanStatus",
    request: { parent, clientId: "mobiledataplan", userKey: keyOf(name), planStatus },
    error: invalid(...violations.map((path) => `planStatus.${path}`)),
  };
}

/** A refusal for broken rules. */
export function invalid(...violations: string[]): ExpectedError {
  return { code: "INVALID_ARGUMENT", reason: "FIELD_INVALID", violations };
}

/** A user key of a case's own: cases may run in any order, side by side and again. */
export function keyOf(name: string): string {
  return `vector-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}
