import { Code } from "#deps/google/rpc/code_pb.js";
import {
  type Call,
  Call_Protocol as Protocol,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  type NotificationType,
  NotificationTypeSchema,
} from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { escapeInvisible } from "../../../contract/field-violation.ts";
import { codeName } from "../../emulator/code-name.ts";
import { msOf } from "../../emulator/durations.ts";
import { asnText, callNumber } from "../../emulator/resource-names.ts";
import type { Tone } from "../../ui/tone.ts";

/** A call in the list: only what its row shows, because there may be very many. */
export type CallRow = {
  /** Number of the call; later calls have larger ones. */
  readonly number: number;
  readonly requestId: string;
  /** By the clock of the emulator, in milliseconds since the epoch. */
  readonly receivedAtMs: number;
  readonly durationMs: number;
  /** As people write it; empty for the token endpoint. */
  readonly protocol: string;
  /** Name of the method without its service, else method and path of HTTP. */
  readonly method: string;
  /** ASN in decimal; empty if the call names no operator. */
  readonly operator: string;
  /** As they are shown, like the user key: what is invisible in them is often what is wrong. */
  readonly clientId: string;
  readonly userKey: string;
  /** 0 if there was no answer. */
  readonly httpStatus: number;
  readonly code: Code;
  readonly reason: string;
  readonly notifications: readonly NotificationType[];
  /** Name of the fault that was applied; empty if none was. */
  readonly fault: string;
};

/** The names of protocols, as people write them. */
export const protocolNames: Readonly<Record<Protocol, string>> = {
  [Protocol.PROTOCOL_UNSPECIFIED]: "",
  [Protocol.REST]: "REST",
  [Protocol.CONNECT]: "Connect",
  [Protocol.GRPC]: "gRPC",
  [Protocol.GRPC_WEB]: "gRPC-Web",
};

/** Returns the row of a call. */
export function rowOf(call: Call): CallRow {
  return {
    number: Number(callNumber(call.name)),
    requestId: call.requestId,
    receivedAtMs: msOf(call.receiveTime),
    durationMs: msOf(call.duration),
    protocol: protocolNames[call.protocol] ?? "",
    method: call.method === "" ? shownTarget(call) : shortMethod(call.method),
    operator: asnText(call.operator),
    clientId: escapeInvisible(call.clientId),
    userKey: escapeInvisible(call.userKey),
    httpStatus: call.httpStatus,
    code: call.code,
    reason: call.reason,
    notifications: call.notifications,
    fault: call.fault,
  };
}

/** Returns the name of a method without its service. */
export function shortMethod(method: string): string {
  return method.slice(method.lastIndexOf("/") + 1);
}

/** Longest path in a row, in characters. */
const maxTarget = 200;

function shownTarget({ httpMethod, target }: Call): string {
  return `${httpMethod} ${target.replace(/\?.*/s, "").slice(0, maxTarget)}`;
}

/** How a call ended, at a glance. */
export type Outcome = {
  readonly tone: Tone;
  /** The HTTP status, or that there was no answer. */
  readonly status: string;
  /** The reason of an error, else its code, else the notifications that were sent. */
  readonly text: string;
};

/** Returns how a call ended. Over gRPC, errors have the HTTP status 200 too. */
export function outcomeOf(row: Pick<CallRow, "httpStatus" | "code" | "reason" | "notifications">): Outcome {
  const { httpStatus, code, reason, notifications } = row;
  const status = httpStatus === 0 ? "no answer" : String(httpStatus);
  if (code === Code.OK) {
    return { tone: "good", status, text: notificationsText(notifications) };
  }
  const isCaller = code === Code.CANCELLED;
  return { tone: isCaller ? "warn" : "bad", status, text: reason || codeName(code) };
}

/** Returns notifications as a row shows them: `LOW_BALANCE_WARNING, 2 × OUT_OF_DATA`. */
function notificationsText(notifications: readonly NotificationType[]): string {
  const counts = new Map<string, number>();
  for (const type of notifications) {
    const name = notificationName(type);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(", ");
}

/** Returns the name of a notification without its prefix. */
export function notificationName(type: NotificationType): string {
  return (NotificationTypeSchema.value[type]?.name ?? `type ${type}`).replace(/^NOTIFICATION_/, "");
}

/** Returns a time of day in UTC, such as `18:00:00.250`. */
export function timeText(ms: number): string {
  return isoText(ms).slice(-13, -1);
}

/** Returns a date in UTC, such as `2026-12-24`. */
export function dateText(ms: number): string {
  return isoText(ms).slice(0, -14);
}

function isoText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "????-??-??T??:??:??.???Z" : date.toISOString();
}

/** Returns a duration with about three digits: `0.84 ms`, `12.3 ms`, `1.50 s`. */
export function durationText(ms: number): string {
  if (ms < 999.5) {
    return `${ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
  }
  return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;
}
