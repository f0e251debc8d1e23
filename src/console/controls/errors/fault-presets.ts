import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import {
  type Fault,
  FaultSchema,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";

const pushes = { method: "mobiledataplansharing.v1.PlanStatusService" };

const presets: Readonly<Record<string, JsonObject>> = {
  "Next push overloaded": {
    match: pushes,
    error: { reason: "SERVER_OVERLOADED", retryDelay: "2s" },
    nextCalls: 1,
  },
  "10 % unavailable": { error: { code: "UNAVAILABLE" }, share: 0.1 },
  "30 s delay": { delay: "30s" },
  "Next push cut after storing": { match: pushes, cut: "BEFORE_ANSWER", nextCalls: 1 },
  "Half of the next answer": { cut: "WITHIN_ANSWER", nextCalls: 1 },
  "Device not registered": { match: pushes, error: { reason: "DEVICE_NOT_REGISTERED" }, nextCalls: 1 },
  "Next push stale": { match: pushes, error: { reason: "PLAN_STATUS_STALE" }, nextCalls: 1 },
  "Every 2nd call rate limited": {
    error: { reason: "OPERATOR_RATE_EXCEEDED", retryDelay: "1s" },
    everyNth: 2,
  },
  "Next token rejected": { error: { reason: "CREDENTIALS_INVALID" }, nextCalls: 1 },
  "Store down": { error: { reason: "STORE_UNAVAILABLE" } },
};

/** Errors that are often wanted, with a title each. */
export const faultPresets: readonly { readonly title: string; readonly fault: Fault }[] = Object.entries(
  presets,
).map(([title, json]) => ({ title, fault: fromJson(FaultSchema, json) }));
