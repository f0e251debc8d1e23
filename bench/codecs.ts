/**
 * What it costs to read and write a plan status, as a multiple of `JSON.parse` of its text in the same round. One process, the
 * cases take turns.
 */
import { join } from "node:path";
import { fromBinary, fromJson, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { protobuf } from "google-gax";
import { PlanStatusCodec } from "../gen/mobiledataplansharing/v1/resources_codec.ts";
import { PlanStatusSchema } from "../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createJsonReader } from "../src/transcoding/index.ts";
import { median } from "./support/load.ts";
import { statusOf } from "./support/loads.ts";
import { writeSection } from "./support/report.ts";

const rounds = 15;
/** Rounds in which V8 still optimizes. */
const warmUpRounds = 5;
/** Modules in all calls of a round together. */
const modulesInRound = 30_000;
const base = "`JSON.parse`";

type Cases = Readonly<Record<string, () => unknown>>;

/** The message of protobufjs, which generates code from the descriptors when it starts. */
const protobufjsStatus = loadProtobufjs();

function loadProtobufjs(): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (_, name) =>
    join(import.meta.dirname, "..", name.startsWith("mobiledataplansharing/") ? "proto" : "proto-deps", name);
  return root.loadSync("mobiledataplansharing/v1/resources.proto").lookupType(PlanStatusSchema.typeName);
}

function casesOf(modules: number): Cases {
  const text = JSON.stringify(statusOf(modules));
  const json = JSON.parse(text);
  const status = fromJsonString(PlanStatusSchema, text);
  const bytes = toBinary(PlanStatusSchema, status);
  const decoded = fromBinary(PlanStatusSchema, bytes);
  const generated = PlanStatusCodec.decode(bytes);
  const ofProtobufjs = protobufjsStatus.decode(bytes);
  const readJson = createJsonReader(PlanStatusSchema);
  return {
    [base]: () => JSON.parse(text),
    "`JSON.stringify`": () => JSON.stringify(json),
    "parsed JSON to message: `src/transcoding/`": () => readJson({ json, text }),
    "parsed JSON to message: protobuf-es": () => fromJson(PlanStatusSchema, json),
    "parsed JSON to message: generated": () => PlanStatusCodec.readJson(json),
    "message to JSON text: protobuf-es": () => toJsonString(PlanStatusSchema, decoded),
    "message to JSON text: generated": () => PlanStatusCodec.writeJson(generated),
    "message to binary: protobuf-es": () => toBinary(PlanStatusSchema, decoded),
    "message to binary: generated": () => PlanStatusCodec.encode(generated),
    "message to binary: protobufjs": () => protobufjsStatus.encode(ofProtobufjs).finish(),
    "binary to message: protobuf-es": () => fromBinary(PlanStatusSchema, bytes),
    "binary to message: generated": () => PlanStatusCodec.decode(bytes),
    "binary to message: protobufjs": () => protobufjsStatus.decode(bytes),
  };
}

/** Returns the CPU time of a call in microseconds, that of the garbage collector included. */
function cost(call: () => unknown, calls: number): number {
  const before = process.cpuUsage();
  for (let n = 0; n < calls; n++) {
    call();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Returns the columns of each case: microseconds, and the multiple of the base. */
function measure(modules: number): Map<string, [micros: string, ratio: string]> {
  const cases = Object.entries(casesOf(modules));
  const costs = new Map(cases.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < rounds + warmUpRounds; round++) {
    for (const [name, call] of cases) {
      const micros = cost(call, modulesInRound / modules);
      if (round >= warmUpRounds) {
        costs.get(name)?.push(micros);
      }
    }
  }
  const ofBase = costs.get(base) ?? [];
  return new Map(
    [...costs].map(([name, micros]) => [
      name,
      [
        median(micros).toFixed(1),
        median(micros.map((each, round) => each / (ofBase[round] ?? Number.NaN))).toFixed(2),
      ],
    ]),
  );
}

const few = measure(3);
const many = measure(50);
writeSection("codecs", [
  ["", "3 modules, µs", "ratio", "50 modules, µs", "ratio"],
  ...[...few].map(([name, columns]) => [name, ...columns, ...(many.get(name) ?? [])]),
]);
