import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Money } from "#deps/google/type/money_pb.js";
import { AccountBalanceStatus } from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { AccountInfo } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { distanceText, type Fact, isPast, type Label } from "./labels.ts";
import { formatMoney } from "./money-format.ts";

/** The account of a prepaid user as it is drawn. */
export type AccountView = {
  /** The balance with its currency. */
  readonly balance: string;
  readonly status: Label | undefined;
  readonly facts: readonly Fact[];
};

/** Returns what is drawn of an account. `locale` is for Intl. */
export function accountView(account: AccountInfo, locale: string | undefined, nowMs: number): AccountView {
  const { accountBalance, accountBalanceStatus, validUntil } = account;
  const amount = (label: string, money: Money | undefined): Fact[] =>
    money === undefined ? [] : [{ label, text: formatMoney(money, locale), isAmount: true }];
  return {
    balance: accountBalance === undefined ? "" : formatMoney(accountBalance, locale),
    status: statusLabel(accountBalanceStatus),
    facts: [
      ...(validUntil === undefined ? [] : [validityFact(validUntil, accountBalanceStatus, nowMs)]),
      ...amount("Loan balance", account.loanBalance),
      ...amount("Owed for loans", account.unpaidLoan),
      ...amount("Pay as you go, so far", account.payAsYouGoCharge),
      ...amount("Topped up with", account.accountTopUp),
    ],
  };
}

function statusLabel(status: AccountBalanceStatus | undefined): Label | undefined {
  switch (status) {
    case AccountBalanceStatus.VALID:
      return { text: "Valid", tone: "good" };
    case AccountBalanceStatus.INVALID:
      return { text: "Cannot be used", tone: "bad" };
    default:
      return undefined;
  }
}

/** The status takes precedence over the time if the two disagree. */
function validityFact(validUntil: Timestamp, status: AccountBalanceStatus | undefined, nowMs: number): Fact {
  const past = isPast(validUntil, nowMs);
  const distance = distanceText(validUntil, nowMs);
  const disagrees = past && status === AccountBalanceStatus.VALID;
  return {
    label: past ? "Validity ended" : "Valid until",
    text: disagrees ? `${distance}; the status VALID counts` : distance,
    at: validUntil,
    ...(past && { tone: disagrees ? "warn" : "bad" }),
  };
}
