import { isDeepStrictEqual } from "node:util";
import { type DescMessage, fromBinary, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { MessageCodec } from "../../../src/codec/index.ts";
import { BinaryInput, BinaryOutput } from "../../../src/codec/runtime.ts";
import { listLimitOf } from "../../../src/plans/list-limits.ts";
import { createBinaryReader } from "../../../src/server/rpc/binary-reader.ts";
import { parseJson } from "../../../src/transcoding/json/parse.ts";
import { messageReader } from "../../../src/transcoding/json/reader.ts";
import { createReadingState } from "../../../src/transcoding/json/reading-state.ts";
import { createViolationList } from "../../../src/transcoding/json/violations.ts";
import type { CodecModule } from "./generate.ts";

/** A codec, with generated functions that tell whether they leave a message to protobuf-es. */
export type Subject = {
  readonly desc: DescMessage;
  readonly codec: MessageCodec;
  readonly generated: {
    decode(input: BinaryInput, end: number): Message;
    encode(output: BinaryOutput, message: Message): void;
    writeJson(message: Message): string;
  };
  readonly readStrictly: ReturnType<typeof createBinaryReader>;
};

/** Returns the codecs of a module. */
export function subjectsOf(module: CodecModule): Subject[] {
  return Object.entries(module).flatMap(([name, codec]) => {
    const shape = /^([\w$]+)Codec$/.exec(name)?.[1];
    if (shape === undefined || typeof codec === "function") {
      return [];
    }
    const { desc } = codec as MessageCodec;
    const [decode, encode, writeJson] = ["decode", "encode", "write"].map(
      (kind) => module[`${kind}${shape}`],
    );
    return [
      {
        desc,
        codec: codec as MessageCodec,
        generated: { decode, encode, writeJson } as Subject["generated"],
        readStrictly: createBinaryReader(desc, { listLimits: listLimitOf }),
      },
    ];
  });
}

/** What a function answers: a value, or the text of an error. */
type Outcome<T> = { readonly value: T } | { readonly error: string };

function outcomeOf<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    return { error: String(error) };
  }
}

function isRefused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

/** Returns whether two answers are the same. */
function same<T>(ours: Outcome<T>, theirs: Outcome<T>): boolean {
  return "error" in ours || "error" in theirs
    ? "error" in ours && "error" in theirs && ours.error === theirs.error
    : isDeepStrictEqual(ours.value, theirs.value);
}

/** A difference between a codec and what it must equal. */
export type Difference = { readonly check: string; readonly ours: unknown; readonly theirs: unknown };

/** What the checks of an input found. */
export type Checked = {
  readonly differences: readonly Difference[];
  /** Functions that left the input to protobuf-es or to another reader. */
  readonly refused: readonly string[];
};

/** Compares what a codec writes for a message. */
export function checkMessage({ desc, codec, generated }: Subject, message: Message): Checked {
  const differences: Difference[] = [];
  const theirBytes = outcomeOf(() => toBinary(desc, message));
  const bytes = outcomeOf(() => codec.encode(message));
  if (!same(bytes, theirBytes)) {
    differences.push({ check: "encode", ours: bytes, theirs: theirBytes });
  }
  const theirText = outcomeOf(() => toJsonString(desc, message));
  const text = outcomeOf(() => codec.writeJson(message));
  if (!same(text, theirText)) {
    differences.push({ check: "writeJson", ours: text, theirs: theirText });
  }
  const refused = [
    ...(isRefused(() => generated.encode(new BinaryOutput(), message)) ? ["encode"] : []),
    ...(isRefused(() => generated.writeJson(message)) ? ["writeJson"] : []),
  ];
  return { differences, refused };
}

/** Compares what a codec reads from bytes. */
export function checkBytes({ desc, codec, generated, readStrictly }: Subject, bytes: Uint8Array): Checked {
  const differences: Difference[] = [];
  const theirs = outcomeOf(() => fromBinary(desc, bytes));
  const ours = outcomeOf(() => codec.decode(bytes));
  if (!same(ours, theirs)) {
    differences.push({ check: "decode", ours, theirs });
  }
  const strict = outcomeOf(() => codec.decodeStrictly(bytes));
  const isAccepted = "error" in strict || strict.value !== undefined;
  if (isAccepted) {
    const read = readStrictly(bytes);
    const theirStrict = "message" in read ? { value: read.message } : { error: JSON.stringify(read) };
    if (!same<unknown>(strict, theirStrict)) {
      differences.push({ check: "decodeStrictly", ours: strict, theirs: theirStrict });
    }
  }
  const refused = [
    ...(isRefused(() => generated.decode(new BinaryInput(bytes, false), bytes.length)) ? ["decode"] : []),
    ...(isAccepted ? [] : ["decodeStrictly"]),
  ];
  return { differences, refused };
}

/** Compares what a codec reads from a JSON text. */
export function checkJson({ desc, codec }: Subject, text: string): Checked {
  const parsed = parseJson(text);
  if (!("json" in parsed)) {
    return { differences: [], refused: ["readJson"] };
  }
  const ours = outcomeOf(() => codec.readJson(parsed.json));
  if ("value" in ours && ours.value === undefined) {
    return { differences: [], refused: ["readJson"] };
  }
  const violations = createViolationList();
  const state = createReadingState(violations, { listLimits: listLimitOf });
  // Parsed again, because readers replace long numbers.
  const again = parseJson(text) as { json: unknown };
  const message = messageReader(desc)(again.json, "", state);
  const rejection = violations.rejection();
  const theirs =
    rejection === undefined ? { value: { message, keys: state.keys } } : { error: JSON.stringify(rejection) };
  return same<unknown>(ours, theirs)
    ? { differences: [], refused: [] }
    : { differences: [{ check: "readJson", ours, theirs }], refused: [] };
}
