import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AccountBalanceStatus } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import {
  type AccountInfo,
  AccountInfoSchema,
  type Plan,
  type PlanModule,
  PlanModuleSchema,
  PlanSchema,
} from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { testTime } from "./test-clock.ts";

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Fields of a message as a plain object, which can be spread. */
type Init<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, Message>;

export type PlanStatusInit = Init<typeof PlanStatusSchema>;
export type PlanInit = Init<typeof PlanSchema>;
export type PlanModuleInit = Init<typeof PlanModuleSchema>;
export type AccountInfoInit = Init<typeof AccountInfoSchema>;
export type MoneyInit = { currencyCode?: string; units?: bigint; nanos?: number };

/** Returns the Timestamp that lies the given milliseconds and nanoseconds after `testTime`. */
export function fromNow(ms: number, nanos = 0): Timestamp {
  const total = BigInt(testTime + ms) * 1_000_000n + BigInt(nanos);
  const seconds = total / 1_000_000_000n;
  return create(TimestampSchema, { seconds, nanos: Number(total % 1_000_000_000n) });
}

/** Returns the smallest valid status at `testTime`, with the given changes. */
export function planStatus(init: PlanStatusInit = {}): PlanStatus {
  return create(PlanStatusSchema, {
    languageCode: "en-US",
    updateTime: fromNow(-minute),
    expireTime: fromNow(hour),
    ...init,
  });
}

/** Returns a status with one plan that has these modules. */
export function statusOf(...planModules: PlanModule[]): PlanStatus {
  return planStatus({ plans: [plan({ planModules })] });
}

/** Returns the smallest valid plan, with the given changes. */
export function plan(init: PlanInit = {}): Plan {
  return create(PlanSchema, { planId: "acme-199", ...init });
}

/** Returns the smallest valid module, with the given changes. */
export function planModule(init: PlanModuleInit = {}): PlanModule {
  return create(PlanModuleSchema, {
    moduleName: "Data",
    description: "2 GB for everything",
    balance: { case: "byteBalance", value: { quotaBytes: 2_000_000_000n, remainingBytes: 500_000_000n } },
    ...init,
  });
}

/** Returns the smallest valid account, with the given changes. */
export function accountInfo(init: AccountInfoInit = {}): AccountInfo {
  return create(AccountInfoSchema, {
    accountBalance: money(),
    accountBalanceStatus: AccountBalanceStatus.VALID,
    validUntil: timestampFromMs(testTime + 90 * day),
    ...init,
  });
}

/** Returns USD 12.50, with the given changes. */
export function money(init: MoneyInit = {}): MoneyInit {
  return { currencyCode: "USD", units: 12n, nanos: 500_000_000, ...init };
}
