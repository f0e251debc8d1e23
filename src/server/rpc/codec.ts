import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  type DescMethod,
  type JsonWriteOptions,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { listLimitOf } from "../../plans/list-limits.ts";
import { createJsonReader, parseJsonDocument, type ReadingOptions } from "../../transcoding/index.ts";
import { createBinaryReader } from "./binary-reader.ts";
import { rejected } from "./request-errors.ts";

/** Reads the request messages of a method, and writes its response messages. */
export type Codec = {
  /** Reads JSON or binary. Throws if the message is malformed. */
  read(bytes: Uint8Array, json: boolean): Message;
  /** Writes JSON or binary. */
  write(message: Message, json: boolean): string | Uint8Array;
};

export type CodecOptions = Omit<ReadingOptions, "listLimits"> & {
  readonly binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined;
  readonly jsonOptions?: Partial<JsonWriteOptions> | undefined;
};

/** Creates the codec of a method. JSON is read as over REST: of malformed messages, all violations are reported. */
export function createCodec({ input, output }: DescMethod, options: CodecOptions): Codec {
  const { binaryOptions, jsonOptions, ...rest } = options;
  const reading = { ...rest, listLimits: listLimitOf };
  const readDocument = createJsonReader(input, reading);
  const readBinary = createBinaryReader(input, reading, binaryOptions);
  const writing = { ...(options.registry && { registry: options.registry }), ...jsonOptions };

  function readJson(bytes: Uint8Array) {
    const document = parseJsonDocument(bytes);
    return "violations" in document ? document : readDocument(document);
  }

  const codec =
    jsonOptions === undefined && binaryOptions === undefined ? options.codecs?.get(output) : undefined;

  return {
    read(bytes, json) {
      const result = json ? readJson(bytes) : readBinary(bytes);
      if ("violations" in result) {
        throw rejected(result);
      }
      return result.message;
    },
    write(message, json) {
      if (codec !== undefined) {
        return json ? codec.writeJson(message, options.registry) : codec.encode(message);
      }
      return json ? toJsonString(output, message, writing) : toBinary(output, message, binaryOptions);
    },
  };
}
