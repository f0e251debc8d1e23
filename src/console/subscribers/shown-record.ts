import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Call,
  RecordSchema,
  type Record as StoredRecord,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { ceilToMs, instantOf, isLater } from "../../contract/instant.ts";
import { clientIds } from "../../contract/resource-names.ts";
import type { RecordChoice } from "./subscriber-address.ts";

/** A record, and whether it is still stored. */
export type ShownRecord =
  | { readonly state: "stored"; readonly record: StoredRecord }
  /** Its time is over: it is not stored any more. */
  | { readonly state: "expired"; readonly record: StoredRecord; readonly at: Timestamp }
  /** It is not stored, although its time is not over. */
  | { readonly state: "removed"; readonly record: StoredRecord }
  | { readonly state: "none" };

/** By how much the time of the console may be behind that of the emulator, in ms. */
const clockErrorMs = 1_000;

/**
 * Returns what there is to show of a record. `before` are the forms in which it was known earlier, of which the latest one is
 * shown if it is not stored any more.
 */
export function shownRecord(
  stored: StoredRecord | undefined,
  before: readonly (StoredRecord | undefined)[],
  nowMs: number,
): ShownRecord {
  const record = stored ?? before.reduce(later, undefined);
  if (record === undefined) {
    return { state: "none" };
  }
  const at = expireTimeOf(record);
  // The emulator knows its time exactly, the console about.
  const knownMs = stored === undefined ? nowMs + clockErrorMs : nowMs;
  // As in the store: it is gone from this time on.
  if (at && knownMs >= ceilToMs(instantOf(at))) {
    return { state: "expired", record, at };
  }
  return { state: stored === undefined ? "removed" : "stored", record };
}

/** Returns when a record expires; undefined if it never does. */
export function expireTimeOf({ resource }: StoredRecord): Timestamp | undefined {
  return resource.case === "planGroup" ? resource.value.responseStaleTime : resource.value?.expireTime;
}

/** Returns when the operator read what a record has. */
export function updateTimeOf({ resource }: StoredRecord): Timestamp | undefined {
  return resource.case === "planGroup" ? resource.value.lastUpdatedTime : resource.value?.updateTime;
}

function later(first: StoredRecord | undefined, second: StoredRecord | undefined): StoredRecord | undefined {
  const [firstTime, secondTime] = [first && updateTimeOf(first), second && updateTimeOf(second)];
  if (first === undefined || second === undefined || firstTime === undefined || secondTime === undefined) {
    return second ?? first;
  }
  return isLater(instantOf(firstTime), instantOf(secondTime)) ? first : second;
}

/** The name of the method that pushes such a record. */
export function methodOf({ kind, clientId }: RecordChoice) {
  if (kind === "planGroup") {
    return "CreatePlanGroup" as const;
  }
  return clientId === "" ? ("CreatePlanStatus" as const) : ("CreateUserPlanStatus" as const);
}

/** Returns the record that an accepted push has stored; undefined if its request is not known. */
export function recordOfCall(call: Call): StoredRecord | undefined {
  const resource = resourceOf(call);
  return (
    resource &&
    create(RecordSchema, {
      operator: call.operator,
      clientId: call.clientId,
      userKey: call.userKey,
      resource,
    })
  );
}

function resourceOf({ requestJson, notifications }: Call): StoredRecord["resource"] | undefined {
  if (requestJson === "") {
    return undefined;
  }
  const request = JSON.parse(requestJson) as { planStatus?: JsonValue; planGroup?: JsonValue };
  if (request.planStatus !== undefined) {
    const value = fromJson(PlanStatusSchema, request.planStatus);
    // What the caller sent in these fields is ignored.
    return { case: "planStatus", value: { ...value, name: "", notifications } };
  }
  return { case: "planGroup", value: { ...fromJson(PlanGroupSchema, request.planGroup ?? {}), name: "" } };
}

/** Returns which of a subscriber's records this is. */
export function choiceOf({ resource, clientId }: Pick<StoredRecord, "resource" | "clientId">): RecordChoice {
  return { kind: resource.case === "planGroup" ? "planGroup" : "planStatus", clientId };
}

/** Returns whether two choices are the same record. */
export function isSameChoice(first: RecordChoice, second: RecordChoice): boolean {
  return first.kind === second.kind && first.clientId === second.clientId;
}

/** Returns which record a push is of. */
export function choiceOfCall({ method, clientId }: Pick<Call, "method" | "clientId">): RecordChoice {
  return { kind: method.endsWith("/CreatePlanGroup") ? "planGroup" : "planStatus", clientId };
}

/**
 * Returns the records of a subscriber that are or were there: the status for every client, those for one client, the group.
 * `asked` is one that the address names.
 */
export function knownChoices(
  stored: readonly StoredRecord[],
  before: readonly StoredRecord[],
  pushes: readonly Call[],
  asked: RecordChoice | undefined,
): RecordChoice[] {
  const known = [
    ...stored.map(choiceOf),
    ...before.map(choiceOf),
    ...pushes.filter(({ code }) => code === 0).map(choiceOfCall),
    ...(asked ? [asked] : []),
  ];
  return known
    .filter((choice, index) => known.findIndex((other) => isSameChoice(other, choice)) === index)
    .sort((a, b) => placeInOrder(a) - placeInOrder(b));
}

function placeInOrder({ kind, clientId }: RecordChoice): number {
  const names: readonly string[] = ["", ...clientIds];
  return kind === "planGroup" ? names.length : names.indexOf(clientId);
}
