import type { CaseInit, ExpectedError, JsonObject } from "./case.ts";

/**
 * Clock skew that the cases require, in seconds: the maximum of `mdps serve --clock-skew`, 31 years. An update time may
 * be at most 30 days old, so that a fixed one only stays valid if it lies in the future.
 */
export const clockSkewSeconds = 999_999_999;

/** A time of the server's clock at which the cases hold without a clock skew. */
export const serverTime = "2045-01-02T00:00:00Z";

/** Update time of valid statuses. The cases hold until 30 days after it. */
export const updateTime = "2045-01-01T00:00:00Z";

/** Expire time of valid statuses. */
export const expireTime = "2099-12-31T00:00:00Z";

export const parent = "operators/65001";

/** Returns the smallest valid status, with some fields changed. */
export function status(fields: JsonObject = {}): JsonObject {
  return { languageCode: "en-US", updateTime, expireTime, ...fields };
}

/** Returns a status with one plan that has these modules. */
export function statusOf(...planModules: JsonObject[]): JsonObject {
  return status({ plans: [{ planId: "acme-199", planModules }] });
}

/** Returns a module with a name and a description but no balance, with some fields changed. */
export function module(fields: JsonObject): JsonObject {
  return { moduleName: "Data", description: "2 GB for everything", ...fields };
}

/** Returns a valid module that sends no notification, with some fields changed. */
export function byteModule(fields: JsonObject = {}): JsonObject {
  return module({
    byteBalance: { quotaBytes: "2147483648", remainingBytes: "1073741824" },
    ...fields,
  });
}

/** Returns the smallest valid account, with some fields changed. */
export function account(fields: JsonObject = {}): JsonObject {
  return {
    accountBalance: { currencyCode: "USD", units: "12", nanos: 500_000_000 },
    accountBalanceStatus: "VALID",
    validUntil: "2046-01-01T00:00:00Z",
    ...fields,
  };
}

/** Returns a push of a status for one client that is accepted; `answer` changes the response. */
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
  /** For keys with characters that names escape. */
  name?: string;
  notifications?: string[];
};

/** Returns a push of a status for one client with these violations, as paths relative to the status. */
export function rejected(name: string, planStatus: JsonObject, ...violations: string[]): CaseInit {
  return {
    name,
    method: "CreateUserPlanStatus",
    request: { parent, clientId: "mobiledataplan", userKey: keyOf(name), planStatus },
    error: invalid(...violations.map((path) => `planStatus.${path}`)),
  };
}

/** Returns the error for violations. */
export function invalid(...violations: string[]): ExpectedError {
  return { code: "INVALID_ARGUMENT", reason: "FIELD_INVALID", violations };
}

/** Returns a user key for one case only: cases may run in any order, concurrently and more than once. */
export function keyOf(name: string): string {
  return `vector-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
}
