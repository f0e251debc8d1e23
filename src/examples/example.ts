import type { JsonObject } from "@bufbuild/protobuf";
import type { NotificationType } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";

/** Names of the notifications that a push can send, as JSON has them. */
export type NotificationName = Exclude<keyof typeof NotificationType, "NOTIFICATION_UNDEFINED">;

/** A valid resource for people and programs that need one to start with. */
export type Example = {
  /** Lower case with hyphens, such as `low-quota`. */
  readonly name: string;
  /** One line: what the user has. */
  readonly summary: string;
  readonly kind: "planStatus" | "planGroup";
  /** The notifications that a push of it sends, in the order of the answer. */
  readonly notifications: readonly NotificationName[];
  /** Returns a PlanStatus or PlanGroup as proto3 JSON. It is valid at `now` and for at least an hour after it. */
  body(now: Date): JsonObject;
};

/** Parts of a body that are the same in most examples. */
export type Parts = {
  /** Returns the time that many days after `now`, negative for before. */
  after(days: number): string;
  /** Returns a status of one plan with these modules, and with these fields. */
  status(plan: JsonObject, modules: readonly JsonObject[], fields?: JsonObject): JsonObject;
  /** Returns a module of 2 GB of general data, with these fields. */
  data(fields?: JsonObject): JsonObject;
  /** Returns the account that a prepaid user must have, with these fields. */
  account(fields?: JsonObject): JsonObject;
};

/** The last time that a Timestamp can represent, in milliseconds since the epoch. */
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Returns the parts of bodies with times relative to `now`. */
export function partsAt(now: Date): Parts {
  const after = (days: number) => new Date(Math.min(now.getTime() + days * 86_400_000, lastMs)).toISOString();
  return {
    after,
    status: (plan, planModules, fields) => ({
      languageCode: "en-US",
      updateTime: now.toISOString(),
      expireTime: after(1),
      ...(typeof plan.planName === "string" && { title: plan.planName }),
      plans: [{ ...plan, planModules: [...planModules] }],
      ...fields,
    }),
    data: (fields) => ({
      expirationTime: after(20),
      planModuleState: "ACTIVE",
      moduleName: "Data",
      description: "2 GB for everything",
      trafficCategories: ["GENERIC"],
      overUsagePolicy: "BLOCKED",
      coarseBalanceLevel: "HIGH_QUOTA",
      byteBalance: { quotaBytes: gigabytes(2), remainingBytes: gigabytes(1.5) },
      ...fields,
    }),
    account: (fields) => ({
      accountBalance: dollars(12.5),
      accountBalanceStatus: "VALID",
      validUntil: after(90),
      ...fields,
    }),
  };
}

/** Returns a number of GiB in bytes. */
export function gigabytes(count: number): string {
  return String(Math.round(count * 1024 ** 3));
}

/** `quotaBytes` of a module without a limit. */
export const unlimited = "9223372036854775807";

/** Returns an amount of US dollars as google.type.Money. */
export function dollars(amount: number): JsonObject {
  const units = Math.trunc(amount);
  const nanos = Math.round((amount - units) * 1e9);
  return { currencyCode: "USD", units: String(units), ...(nanos !== 0 && { nanos }) };
}
