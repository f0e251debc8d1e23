/**
 * Answers the requests of protobuf's conformance_test_runner, with protobuf-es or with generated codecs:
 *
 *     node testee.ts FOLDER protobuf-es|codecs FILE
 *
 * FOLDER has the generated code of the messages. FILE gets the {@link Counts} as JSON.
 */
import { readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  create,
  createRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  type Registry,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import * as wellKnown from "@bufbuild/protobuf/wkt";
import { type Codecs, createCodecs, type MessageCodec } from "../../../src/codec/index.ts";
import { createCodec, type GeneratedFunctions } from "../../../src/codec/runtime.ts";
import { createJsonReader, parseJsonDocument } from "../../../src/transcoding/index.ts";

type Direction = "decode" | "encode" | "readJson" | "writeJson";

/** How many messages the functions of generated code were given, and how many of them they answered. */
export type Counts = Record<Direction, { given: number; answered: number }>;

const counts: Counts = {
  decode: { given: 0, answered: 0 },
  encode: { given: 0, answered: 0 },
  readJson: { given: 0, answered: 0 },
  writeJson: { given: 0, answered: 0 },
};

function counted<Args extends unknown[], Result>(
  direction: Direction,
  run: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => {
    counts[direction].given += 1;
    const result = run(...args);
    counts[direction].answered += 1;
    return result;
  };
}

type Functions = GeneratedFunctions<DescMessage>;

/** Returns the codecs of a generated module, with functions that are counted. */
function codecsIn(module: Record<string, unknown>): MessageCodec[] {
  const exported = Object.entries(module).filter(([name]) => name.endsWith("Codec"));
  return exported.map(([name, codec]) => {
    const { desc, maxItems } = codec as MessageCodec;
    const functionOf = (prefix: string) => module[`${prefix}${name.replace(/Codec$/, "")}`] as never;
    return createCodec(desc, {
      decode: counted("decode", functionOf("decode") as Functions["decode"]),
      encode: counted("encode", functionOf("encode") as Functions["encode"]),
      readJson: counted("readJson", functionOf("read") as Functions["readJson"]),
      writeJson: counted("writeJson", functionOf("write") as Functions["writeJson"]),
      maxItems,
    });
  });
}

/** Reads and writes messages. Throws what is wrong with them. */
type Implementation = {
  decode(desc: DescMessage, bytes: Uint8Array): Message;
  encode(desc: DescMessage, message: Message): Uint8Array;
  readJson(desc: DescMessage, text: string, ignoreUnknownFields: boolean): Message;
  writeJson(desc: DescMessage, message: Message): string;
};

function protobufEs(registry: Registry): Implementation {
  return {
    decode: (desc, bytes) => fromBinary(desc, bytes),
    encode: (desc, message) => toBinary(desc, message),
    readJson: (desc, text, ignoreUnknownFields) =>
      fromJsonString(desc, text, { registry, ignoreUnknownFields }),
    writeJson: (desc, message) => toJsonString(desc, message, { registry }),
  };
}

function generated(registry: Registry, codecs: Codecs): Implementation {
  const codecOf = (desc: DescMessage) => codecs.get(desc) as MessageCodec;
  return {
    decode: (desc, bytes) => codecOf(desc).decode(bytes),
    encode: (desc, message) => codecOf(desc).encode(message),
    readJson(desc, text, ignoreUnknownFields) {
      const document = parseJsonDocument(Buffer.from(text));
      const read =
        "violations" in document
          ? document
          : createJsonReader(desc, { registry, ignoreUnknownFields, codecs })(document);
      if ("violations" in read) {
        throw new Error(JSON.stringify(read.violations));
      }
      return read.message;
    },
    writeJson: (desc, message) => codecOf(desc).writeJson(message, registry),
  };
}

// Of conformance.proto.

type Request = {
  readonly payload: { case: "protobufPayload"; value: Uint8Array } | { case: string; value: string };
  readonly requestedOutputFormat: number;
  readonly messageType: string;
  readonly testCategory: number;
};

const outputFormats = { binary: 1, json: 2 };
const categoryThatIgnoresUnknownFields = 3;

/** Returns the result of a request. */
function answer(
  { decode, encode, readJson, writeJson }: Implementation,
  desc: DescMessage,
  { payload, requestedOutputFormat, testCategory }: Omit<Request, "messageType">,
): { case: string; value: unknown } {
  let message: Message;
  try {
    if (payload.case === "protobufPayload") {
      message = decode(desc, payload.value as Uint8Array);
    } else if (payload.case === "jsonPayload") {
      message = readJson(desc, payload.value as string, testCategory === categoryThatIgnoresUnknownFields);
    } else {
      return { case: "skipped", value: `${payload.case} is not supported` };
    }
  } catch (error) {
    return { case: "parseError", value: String(error) };
  }
  try {
    switch (requestedOutputFormat) {
      case outputFormats.binary:
        return { case: "protobufPayload", value: encode(desc, message) };
      case outputFormats.json:
        return { case: "jsonPayload", value: writeJson(desc, message) };
      default:
        return { case: "skipped", value: `output format ${requestedOutputFormat} is not supported` };
    }
  } catch (error) {
    return { case: "serializeError", value: String(error) };
  }
}

/** Reads some bytes of the standard input. Returns undefined at its end. */
function readBytes(length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const count = readSync(0, bytes, at, length - at, null);
    if (count === 0) {
      return undefined;
    }
    at += count;
  }
  return bytes;
}

function writeBytes(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(1, bytes, at);
  }
}

const [folder = "", implementation = "", countsFile = ""] = process.argv.slice(2);

async function load(path: string): Promise<Record<string, unknown>> {
  return import(join(folder, path));
}

const names = ["proto2", "proto2_editions", "proto3", "proto3_editions", "edition2023"];
const files = names.map((name) => `google/protobuf/test_messages_${name}`);
const modules = await Promise.all(files.map((file) => load(`${file}_codec.js`)));
const descriptors = [wellKnown, ...(await Promise.all(files.map((file) => load(`${file}_pb.js`))))];
const registry = createRegistry(
  ...(descriptors
    .flatMap((module) => Object.values(module))
    .filter((each) => (each as DescFile).kind === "file") as DescFile[]),
);
const implementations: Record<string, Implementation> = {
  "protobuf-es": protobufEs(registry),
  codecs: generated(registry, createCodecs(...modules.map(codecsIn))),
};
const chosen = implementations[implementation];
if (chosen === undefined) {
  throw new Error(`no such implementation: ${implementation}`);
}
const { ConformanceRequestSchema: request, ConformanceResponseSchema: response } = (await load(
  "conformance/conformance_pb.js",
)) as { ConformanceRequestSchema: DescMessage; ConformanceResponseSchema: DescMessage };

for (let size = readBytes(4); size !== undefined; size = readBytes(4)) {
  const bytes = readBytes(size.readUInt32LE()) ?? Buffer.alloc(0);
  const { messageType, ...rest } = fromBinary(request, bytes) as unknown as Request;
  const desc = registry.getMessage(messageType);
  // The runner first asks for a list of failures that are expected, which is empty.
  const nothing = { case: "protobufPayload", value: new Uint8Array(0) };
  const result = desc === undefined ? nothing : answer(chosen, desc, rest);
  const answered = toBinary(response, create(response, { result } as never));
  size.writeUInt32LE(answered.length);
  writeBytes(Buffer.concat([size, answered]));
}
writeFileSync(countsFile, JSON.stringify(counts));
