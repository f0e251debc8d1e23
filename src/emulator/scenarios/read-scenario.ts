import type { DescMessage } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  Clock_ModeSchema,
  ClockSchema,
  type Fault,
  FaultSchema,
  Clock_Mode as Mode,
  RegistrationSchema,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { CreateDeviceRequestSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import { asnOfParent } from "../../contract/resource-names.ts";
import { closestMatch, didYouMean } from "../../contract/unknown-names/did-you-mean.ts";
import type { ContractRules } from "../../plans/contract-rules.ts";
import type { PutRecord } from "../../store/plan-store.ts";
import { keyText } from "../../store/record.ts";
import { type ClockMode, latestMs } from "../clock/emulator-clock.ts";
import { maxFaults } from "../faults/faults.ts";
import { type CheckPart, readPart } from "./read-part.ts";
import { readRecord } from "./read-record.ts";
import { type Scenario, type ScenarioDevice, ScenarioError, type ScenarioProblem } from "./scenario.ts";
import { joinPath } from "./source-path.ts";
import type { Source } from "./source-text.ts";

/** What a scenario is read for. */
export type ScenarioContext = {
  readonly rules: ContractRules;
  /** The mode of the clock, and the emulated time in ms since the epoch. */
  readonly clockMode: ClockMode;
  readonly nowMs: number;
  /** Time of the machine, in ms since the epoch. */
  readonly machineMs: number;
  readonly clockSkewMs: number;
  /** Operator of records and devices without one, `operators/{asn_id}`. */
  readonly parent: string;
  /** Returns all that is wrong with a fault; the path of the fault itself is empty. */
  readonly checkFault: CheckPart<typeof FaultSchema>;
};

/** Largest numbers of a scenario. */
const mostRecords = 10_000;
const mostDevices = 10_000;

/** From this number of errors on, the rest of a scenario is not read. */
const mostProblems = 1_000;

const keys = ["description", "parent", "clock", "registration", "devices", "faults", "records"];

type JsonObject = Record<string, unknown>;

/**
 * Reads a scenario and checks everything in it for the time that it will have.
 *
 * @param name - Name of the file or of the scenario, for messages.
 * @throws ScenarioError with all errors.
 */
export function readScenario(source: Source, name: string, context: ScenarioContext): Scenario {
  const problems: ScenarioProblem[] = [];
  const report = (path: string, description: string) => {
    problems.push({ ...source.placeOf(path), path, description });
  };
  const scenario = readObject(source.value, context, report, () => problems.length >= mostProblems);
  if (problems.length > 0 || scenario === undefined) {
    throw new ScenarioError(
      name,
      problems.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  }
  return scenario;
}

type Report = (path: string, description: string) => void;

function readObject(
  given: unknown,
  outer: ScenarioContext,
  report: Report,
  isFull: () => boolean,
): Scenario | undefined {
  if (!isObject(given)) {
    report("", `must be an object with some of the keys ${keys.join(", ")}`);
    return undefined;
  }
  // As in proto3 JSON, null is as if the key was absent: in YAML, the lines below it are commented out.
  const value = Object.fromEntries(Object.entries(given).filter(([, each]) => each !== null));
  for (const key of Object.keys(value)) {
    if (!keys.includes(key) && !isFull()) {
      report(key, `is not a key of a scenario${didYouMean(closestMatch(key, keys))}`);
    }
  }
  if (!["string", "undefined"].includes(typeof value.description)) {
    report("description", "must be a string");
  }
  const parent = readParent(value.parent, outer.parent, report);
  const clock = readClock(value.clock, outer, report);
  const context = { ...outer, parent, nowMs: clock?.ms ?? outer.nowMs };
  const part = <D extends DescMessage>(
    desc: D,
    path: string,
    json: unknown,
    check: CheckPart<D> = (message) => context.rules(desc, message),
  ) => {
    const read = readPart(desc, json, context.nowMs, check);
    reportAll(read.violations, path, report);
    return read.message;
  };
  const items = (key: string, most: number) => itemsOf(value[key], key, most, report, isFull);
  const registration =
    value.registration === undefined
      ? undefined
      : part(RegistrationSchema, "registration", value.registration);
  const devices = [...items("devices", mostDevices)].flatMap(([path, item]): ScenarioDevice[] => {
    const { parent: own, ...device } = item;
    const read = part(CreateDeviceRequestSchema, path, { parent: own ?? parent, device });
    const asn = read && asnOfParent(read.parent);
    return asn === undefined ? [] : [{ asn, userKey: read?.device?.userKey ?? "" }];
  });
  const faults = [...items("faults", maxFaults)].flatMap(([path, item]): Fault[] => {
    const fault = part(FaultSchema, path, item, context.checkFault);
    return fault === undefined ? [] : [fault];
  });
  const records = readRecords(items("records", mostRecords), context, report);
  return { clock, enforced: registration?.enforced, devices, faults, records };
}

function readRecords(
  items: Iterable<readonly [string, JsonObject]>,
  context: ScenarioContext,
  report: Report,
): PutRecord[] {
  const records: PutRecord[] = [];
  const pathOf = new Map<string, string>();
  for (const [path, item] of items) {
    const { record, violations } = readRecord(item, context);
    reportAll(violations, path, report);
    if (record === undefined) {
      continue;
    }
    const same = pathOf.get(keyText(record.key));
    if (same !== undefined) {
      report(path, `has the same operator, client and key as ${same}`);
    }
    pathOf.set(keyText(record.key), path);
    records.push(record);
  }
  return records;
}

/** Yields the objects of a list with their paths, until there are too many errors. */
function* itemsOf(
  value: unknown,
  key: string,
  most: number,
  report: Report,
  isFull: () => boolean,
): Generator<readonly [string, JsonObject]> {
  if (value === undefined) {
    return;
  }
  if (!Array.isArray(value)) {
    report(key, "must be a list");
    return;
  }
  if (value.length > most) {
    report(key, `must have at most ${most} items, not ${value.length}`);
    return;
  }
  for (let index = 0; index < value.length && !isFull(); index++) {
    const item: unknown = value[index];
    const path = `${key}[${index}]`;
    if (isObject(item)) {
      yield [path, item];
    } else {
      report(path, "must be an object");
    }
  }
}

function readParent(value: unknown, inherited: string, report: Report): string {
  if (value === undefined) {
    return inherited;
  }
  if (typeof value !== "string" || asnOfParent(value) === undefined) {
    report("parent", "must be operators/{asn_id}, where asn_id is an ASN from 1 to 4294967295");
    return inherited;
  }
  return value;
}

function readClock(value: unknown, context: ScenarioContext, report: Report): Scenario["clock"] {
  if (value === undefined) {
    return undefined;
  }
  const { message, violations } = readPart(ClockSchema, value, context.nowMs, ({ mode, time }) => {
    const ms = time && timestampMs(time);
    return [
      ...(mode === Mode.REAL && time
        ? [{ field: "time", description: "must not be set if the mode is REAL" }]
        : []),
      ...(ms !== undefined && (ms < 0 || ms > latestMs)
        ? [{ field: "time", description: "must be a time from 1970 to 9999" }]
        : []),
      ...(Clock_ModeSchema.value[mode] === undefined
        ? [{ field: "mode", description: "must be one of REAL, SHIFTED, FROZEN" }]
        : []),
    ];
  });
  reportAll(violations, "clock", report);
  // As in an update of the clock.
  const time = message?.time;
  const ms = time === undefined ? context.nowMs : timestampMs(time);
  switch (message?.mode) {
    case Mode.REAL:
      return { mode: "real", ms: context.machineMs };
    case Mode.FROZEN:
      return { mode: "frozen", ms };
    case Mode.SHIFTED:
      return { mode: "shifted", ms };
    default:
      return time === undefined
        ? undefined
        : { mode: context.clockMode === "frozen" ? "frozen" : "shifted", ms };
  }
}

function reportAll(violations: readonly FieldViolation[], path: string, report: Report): void {
  for (const { field, description } of violations) {
    // The whole part, or violations that are not listed.
    const isWhole = field === "body" || field === "request";
    report(isWhole ? path : joinPath(path, field.replace(/^device\./, "")), description);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
