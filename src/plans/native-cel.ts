import type { Message } from "@bufbuild/protobuf";
import type { Money } from "#deps/google/type/money_pb.js";
import { PlanCategory } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { PlanModule } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";

type Predicate = (message: Message) => boolean;

const currencyCode = /^[A-Z]{3}$/;

const hasBalance = (module: PlanModule) =>
  module.balance.case !== undefined || module.coarseBalanceLevel !== 0;

const hasAccountIfPrepaid = (status: PlanStatus) =>
  status.accountInfo !== undefined ||
  !status.plans.some(({ planCategory }) => planCategory === PlanCategory.PREPAID);

const hasCurrencyCode = (money: Money) => currencyCode.test(money.currencyCode);

const hasNanosInRange = ({ nanos }: Money) => nanos >= -999_999_999 && nanos <= 999_999_999;

const hasOneSign = ({ units, nanos }: Money) => !(units > 0n && nanos < 0) && !(units < 0n && nanos > 0);

/**
 * The CEL expressions of the contract as functions, by their exact text. Protovalidate evaluates any expression that is
 * not in this map.
 */
export const nativeCel: ReadonlyMap<string, Predicate> = new Map([
  [
    "has(this.byte_balance) || has(this.time_balance) || this.coarse_balance_level != 0",
    hasBalance as Predicate,
  ],
  ["has(this.account_info) || !this.plans.exists(p, p.plan_category == 1)", hasAccountIfPrepaid as Predicate],
  ["this.currency_code.matches('^[A-Z]{3}$')", hasCurrencyCode as Predicate],
  ["this.nanos >= -999999999 && this.nanos <= 999999999", hasNanosInRange as Predicate],
  ["!(this.units > 0 && this.nanos < 0) && !(this.units < 0 && this.nanos > 0)", hasOneSign as Predicate],
]);
