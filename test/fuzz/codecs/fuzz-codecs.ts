import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { createRandom, type Random } from "../random.ts";
import { type Checked, checkBytes, checkJson, checkMessage, type Subject, subjectsOf } from "./compare.ts";
import { generateCodecs } from "./generate.ts";
import { mutateBytes, mutateFields, nestBytes } from "./mutate-bytes.ts";
import { mutateJson, nestJson, respellJson } from "./mutate-json.ts";
import { mutateMessage } from "./mutate-message.ts";
import { type OpenMessage, randomMessage } from "./random-message.ts";

/** Kinds of inputs. Those of `valid…` should not be left to slower code. */
export const kinds = [
  "valid message",
  "wrong message",
  "valid bytes",
  "changed fields",
  "changed bytes",
  "nested bytes",
  "valid JSON",
  "respelled JSON",
  "changed JSON",
  "nested JSON",
] as const;
export type Kind = (typeof kinds)[number];

/** A difference, and the input that causes it. */
export type CodecFinding = {
  readonly message: string;
  readonly kind: Kind;
  readonly check: string;
  readonly shown: string;
};

export type CodecReport = {
  readonly cases: Readonly<Record<Kind, number>>;
  /** Number of inputs that a function left to slower code, by kind and function. */
  readonly refused: Readonly<Record<string, number>>;
  readonly findings: readonly CodecFinding[];
};

/** A broken codec differs again and again; a few examples are enough. */
const maxFindings = 30;

/** Returns the codecs of the contract's messages. */
export async function contractSubjects(): Promise<Subject[]> {
  const folder = "../../../gen/mobiledataplansharing";
  const modules = await Promise.all(
    ["plans", "resources", "errors", "plan_status_service", "plan_group_service"]
      .map((name) => `v1/${name}`)
      .concat("serving/v1/plan_serving_service")
      .map((name) => import(`${folder}/${name}_codec.ts`)),
  );
  return modules.flatMap(subjectsOf);
}

/** Generates codecs of messages with fields of every kind. */
export async function fixtureSubjects(): Promise<Subject[]> {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const modules = await generateCodecs(
    {
      "library/v1/library.proto": read("../../transcoding/fixtures/library.proto"),
      "sample/v1/sample.proto": read("../../transcoding/fixtures/sample.proto"),
      "fuzz/v1/legacy.proto": read("legacy.proto"),
      "fuzz/v1/mixed.proto": read("mixed.proto"),
      ...Object.fromEntries(
        ["names", "other", "groups"].map((name) => [
          `odd/v1/${name}.proto`,
          read(`../../codec/plugin/${name}.proto`),
        ]),
      ),
    },
    32_770,
  );
  return modules.flatMap(subjectsOf);
}

export type CodecFuzzOptions = {
  seed: number;
  /** Number of inputs. */
  cases: number;
};

/** Compares codecs with protobuf-es and with the readers that they replace, on random inputs. */
export function fuzzCodecs(subjects: readonly Subject[], { seed, cases }: CodecFuzzOptions): CodecReport {
  const random = createRandom(seed);
  const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  const refused: Record<string, number> = {};
  const findings: CodecFinding[] = [];
  for (let index = 0; index < cases && findings.length < maxFindings; index++) {
    const kind = kinds[index % kinds.length] as Kind;
    const subject = random.pick(subjects);
    const input = inputOf(kind, subject, random);
    if (input === undefined) {
      continue;
    }
    counts[kind] += 1;
    const checked = check(subject, input);
    for (const name of checked.refused) {
      const key = `${kind}: ${name}`;
      refused[key] = (refused[key] ?? 0) + 1;
    }
    findings.push(
      ...checked.differences.map(({ check, ours, theirs }) => ({
        message: subject.desc.typeName,
        kind,
        check,
        shown: inspect({ input, ours, theirs }, { depth: 12, maxStringLength: 2000 }),
      })),
    );
  }
  return { cases: counts, refused, findings };
}

type Input = { readonly message: Message } | { readonly bytes: Uint8Array } | { readonly text: string };

function check(subject: Subject, input: Input): Checked {
  if ("message" in input) {
    return checkMessage(subject, input.message);
  }
  return "bytes" in input ? checkBytes(subject, input.bytes) : checkJson(subject, input.text);
}

function inputOf(kind: Kind, subject: Subject, random: Random): Input | undefined {
  const { desc } = subject;
  const message = randomMessage(desc, random, random.below(4));
  switch (kind) {
    case "valid message":
      return { message };
    case "wrong message":
      mutateMessage(message, random);
      return { message };
    case "valid bytes":
    case "changed fields":
    case "changed bytes":
    case "nested bytes": {
      const bytes = bytesOf(kind, subject, toBinary(desc, message), random);
      return bytes && { bytes: placed(bytes, random) };
    }
    default: {
      const text = jsonOf(kind, subject, message, random);
      return text === undefined ? undefined : { text };
    }
  }
}

function bytesOf(kind: Kind, { desc }: Subject, bytes: Uint8Array, random: Random): Uint8Array | undefined {
  switch (kind) {
    case "changed fields":
      return mutateFields(desc, bytes, random);
    case "changed bytes":
      return mutateBytes(bytes, random);
    case "nested bytes":
      return nestBytes(desc, bytes, random);
    default:
      return bytes;
  }
}

/** Returns the bytes as one of the kinds of objects that callers have: an array, a Buffer, a part of either. */
function placed(bytes: Uint8Array, random: Random): Uint8Array {
  switch (random.below(3)) {
    case 0:
      return Buffer.from(bytes);
    case 1: {
      const larger = new Uint8Array(bytes.length + 20).fill(0x41);
      larger.set(bytes, 10);
      return larger.subarray(10, 10 + bytes.length);
    }
    default:
      return new Uint8Array(bytes);
  }
}

function jsonOf(kind: Kind, { desc }: Subject, message: OpenMessage, random: Random): string | undefined {
  let json: unknown;
  try {
    json = toJson(desc, message);
  } catch {
    // JSON has no form of some values, such as an Any with a type that is not registered.
    return undefined;
  }
  switch (kind) {
    case "respelled JSON":
      return respellJson(json, random);
    case "changed JSON":
      return mutateJson(json, random);
    case "nested JSON": {
      const field = desc.fields.find((each) => each.message === desc && each.fieldKind !== "map");
      const list = field?.fieldKind === "list";
      const name = JSON.stringify(field?.jsonName);
      return (
        field && nestJson(JSON.stringify(json), list ? [`{${name}:[`, "]}"] : [`{${name}:`, "}"], random)
      );
    }
    default:
      return JSON.stringify(json);
  }
}
