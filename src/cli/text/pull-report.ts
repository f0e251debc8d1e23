import { styleText } from "node:util";
import { toJson } from "@bufbuild/protobuf";
import {
  type NotificationType,
  NotificationTypeSchema,
} from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { escapeInvisible } from "../../contract/field-violation.ts";
import type { CpidReport } from "../../pull/check-cpid-endpoint.ts";
import type { ExchangeReport, Finding } from "../../pull/finding.ts";
import type { PullReport } from "../../pull/pull-plan-status.ts";
import { type KeyDisplay, maskKey } from "../../push/run/mask.ts";
import { planCard } from "./plan-card.ts";

/** Returns the number of findings that are errors. */
export function errorsIn(findings: readonly Finding[]): number {
  return findings.filter(({ severity }) => severity === "error").length;
}

/** Returns a report with the user key masked wherever a server wrote it, except in the status. */
export function maskReport(report: PullReport, userKey: string, display: KeyDisplay): PullReport {
  const hide = (text: string) => display.text(text, userKey);
  return {
    ...report,
    exchanges: report.exchanges.map((each) => hidden(each, hide)),
    findings: report.findings.map((each) => hidden(each, hide)),
    ...(report.error && { error: hidden(report.error, hide) }),
  };
}

/** Returns a report without the CPIDs. */
export function maskCpids(report: CpidReport, display: KeyDisplay): CpidReport {
  const hide = (text: string) => report.cpids.reduce((left, { cpid }) => display.text(left, cpid), text);
  return {
    exchanges: report.exchanges.map((each) => hidden(each, hide)),
    cpids: report.cpids.map((each) => ({ ...each, cpid: display.key(each.cpid) })),
    findings: report.findings.map((each) => hidden(each, hide)),
  };
}

function hidden<Value extends object>(value: Value, hide: (text: string) => string): Value {
  const walk = (each: unknown): unknown =>
    typeof each === "string"
      ? hide(each)
      : typeof each === "object" && each !== null
        ? Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, walk(inner)]))
        : each;
  return walk(value) as Value;
}

/** Returns a pull as one JSON object. */
export function pullJson(report: PullReport, reveal: boolean): object {
  const { exchanges, planStatus, notifications, error, eligiblePlans, findings } = report;
  return {
    ...counts(findings),
    exchanges,
    ...(planStatus && { planStatus: statusJson(planStatus, reveal) }),
    notifications: notifications.map(nameOf),
    ...(error && { error }),
    ...(eligiblePlans && { eligiblePlans }),
    findings,
  };
}

/** Returns the check of a CPID endpoint as one JSON object. */
export function cpidJson({ exchanges, cpids, findings }: CpidReport): object {
  return { ...counts(findings), exchanges, cpids, findings };
}

function nameOf(type: NotificationType): string {
  return NotificationTypeSchema.value[type]?.name ?? String(type);
}

function counts(findings: readonly Finding[]) {
  const errors = errorsIn(findings);
  return { errors, warnings: findings.length - errors };
}

function statusJson(status: PlanStatus, reveal: boolean): object {
  const json = toJson(PlanStatusSchema, status) as { name?: string };
  return reveal || json.name === undefined ? json : { ...json, name: json.name.replace(/[^/]*$/, maskKey) };
}

/** Returns a pull as text: the requests, the status and one line for each finding. */
export function pullText(report: PullReport, heading: string, nowMs: number): string {
  const { planStatus, notifications, eligiblePlans } = report;
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    styleText(style, text, { stream: process.stdout });
  const plans = eligiblePlans?.map((plan) => escapeInvisible(plan)).join(", ");
  return [
    ...report.exchanges.map(exchangeLine),
    ...(planStatus ? ["", planCard(planStatus, { heading, nowMs, paint }).trimEnd()] : []),
    ...(planStatus ? [`would notify: ${notifications.map(nameOf).join(", ") || "nothing"}`] : []),
    ...(plans === undefined ? [] : ["", `eligible plans: ${plans || "none"}`]),
    "",
    ...findingLines(report.findings),
  ].join("\n");
}

/** Returns the check of a CPID endpoint as text. */
export function cpidText({ exchanges, cpids, findings }: CpidReport): string {
  return [
    ...exchanges.map(exchangeLine),
    "",
    ...cpids.map(({ cpid, ttlSeconds }) =>
      escapeInvisible(`CPID ${cpid}${ttlSeconds === undefined ? "" : `, valid for ${ttlSeconds} s`}`),
    ),
    ...findingLines(findings),
  ].join("\n");
}

function exchangeLine({ answer, method, url, status, headers = {}, durationMs }: ExchangeReport): string {
  const shown = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const outcome = status === undefined ? "no answer" : [status, ...shown].join(" · ");
  return escapeInvisible(`${answer}: ${method} ${url} → ${outcome} (${durationMs} ms)`);
}

function findingLines(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ severity, answer, field, description }) =>
    escapeInvisible(`${severity.padEnd(7)}  ${answer.padEnd(13)}  ${field}: ${description}`),
  );
  const { errors, warnings } = counts(findings);
  const result = `${errors} error${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}`;
  return [...rows, styleText(errors === 0 ? "green" : "red", result, { stream: process.stdout })];
}
