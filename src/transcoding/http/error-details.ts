import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  isMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type MessageShape,
  type Registry,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { messageReader } from "../json/reader.ts";
import { createReadingState } from "../json/reading-state.ts";
import { createViolationList } from "../json/violations.ts";
import { typesWith } from "./types.ts";

/**
 * A detail of an error: a message, the fields of a message, or bytes if the error came from another server. Of a detail
 * that came as JSON of an unknown type, `debug` has the JSON and `value` is empty.
 */
export type ErrorDetail = ConnectError["details"][number];

const typePrefix = "type.googleapis.com/";

/** Returns the type URL of error details of a type. */
export function typeUrlOf(typeName: string): string {
  return typePrefix + typeName;
}

/**
 * Writes a detail as the JSON of an Any: `{"@type":"…",…}`, with the key `value` for the well-known types. Returns
 * undefined if it has no JSON form: its bytes are of an unknown type, or its value is invalid. It must not prevent the
 * error itself from being sent.
 */
export function writeDetail(detail: ErrorDetail, registry: Registry): JsonObject | undefined {
  try {
    const found = openDetail(detail, registry);
    if (found === undefined) {
      return writeDebug(detail);
    }
    const [desc, message] = found;
    const json = toJson(desc, message, { registry });
    const content = hasCustomJsonRepresentation(desc) ? { value: json } : (json as JsonObject);
    return { "@type": typeUrlOf(desc.typeName), ...content };
  } catch {
    return writeDebug(detail);
  }
}

function openDetail(detail: ErrorDetail, registry: Registry): [DescMessage, Message] | undefined {
  if ("desc" in detail) {
    const { desc, value } = detail;
    return [desc, isMessage(value, desc) ? value : create(desc, value)];
  }
  const desc = isJsonOnly(detail) ? undefined : registry.getMessage(detail.type);
  return desc && [desc, fromBinary(desc, detail.value)];
}

/** Writes the JSON that a detail has from the server that it came from. */
function writeDebug(detail: ErrorDetail): JsonObject | undefined {
  const json = "desc" in detail ? undefined : detail.debug;
  if ("desc" in detail || !isObject(json) || !isWritable(json)) {
    return undefined;
  }
  return { ...exactly(json), "@type": typeUrlOf(detail.type) };
}

/** The JSON of details as `parseJson` returns it, with integers beyond 2^53, by their `debug`, which is plain JSON. */
const exactJson = new WeakMap<JsonObject, JsonObject>();

function exactly(debug: JsonObject): JsonObject {
  return exactJson.get(debug) ?? debug;
}

/** Deepest JSON of a detail that is written, in levels. Parsers of protobuf read 100, and JSON.stringify has a limited stack. */
const maxDepth = 100;

function isWritable(json: unknown, depth = 0): boolean {
  if (typeof json !== "object" || json === null) {
    return true;
  }
  return depth < maxDepth && Object.values(json).every((value) => isWritable(value, depth + 1));
}

/**
 * Reads a detail from the JSON of an Any. A detail of an unknown type, or of a known type with content that does not
 * parse, keeps its type and its JSON. Returns undefined for anything else. `exact`: the same JSON from `parseJson`.
 */
export function readDetail(json: JsonValue, exact: unknown, registry: Registry): ErrorDetail | undefined {
  const { "@type": url, ...content } = isObject(json) ? json : {};
  const type = typeof url === "string" ? url.slice(url.lastIndexOf("/") + 1) : "";
  if (type === "") {
    return undefined;
  }
  const { "@type": _, ...exactContent } = exact as JsonObject;
  const desc = registry.getMessage(type);
  const value = desc && readContent(desc, exactContent, registry);
  if (desc !== undefined && value !== undefined) {
    return { desc, value: value as never };
  }
  exactJson.set(content, exactContent);
  return { type, value: new Uint8Array(0), debug: content };
}

function readContent(desc: DescMessage, content: JsonObject, registry: Registry): Message | undefined {
  const json = hasCustomJsonRepresentation(desc) ? content.value : content;
  const violations = createViolationList();
  const message = messageReader(desc)(
    json,
    "",
    createReadingState(violations, { ignoreUnknownFields: true, registry }),
  );
  return violations.found.length === 0 ? message : undefined;
}

/**
 * Returns a detail in a form that Connect and gRPC can send: they carry bytes, of unknown types too. Returns undefined
 * for an invalid message, which would prevent the error itself from being sent, and for the JSON of an unknown type:
 * receivers would take its missing bytes for an empty message.
 */
export function sendableDetail(detail: ErrorDetail, registry: Registry): ErrorDetail | undefined {
  if ("desc" in detail) {
    return hasBytes(detail) ? detail : undefined;
  }
  const { type, value, debug = debugOf(detail, registry) } = detail;
  if (isJsonOnly(detail)) {
    const desc = registry.getMessage(type);
    const message = desc && readContent(desc, exactly(detail.debug), registry);
    if (desc !== undefined && message !== undefined) {
      return { desc, value: message as never };
    }
    return Object.keys(detail.debug).length === 0 ? detail : undefined;
  }
  return debug !== undefined && isWritable(debug) ? { type, value, debug } : { type, value };
}

function hasBytes({ desc, value }: Extract<ErrorDetail, { desc: DescMessage }>): boolean {
  try {
    toBinary(desc, create(desc, value));
    return true;
  } catch {
    return false;
  }
}

/** Returns the JSON that Connect sends beside the bytes, for people. */
function debugOf(detail: ErrorDetail, registry: Registry): JsonValue | undefined {
  try {
    const found = openDetail(detail, registry);
    return found && toJson(...found, { registry });
  } catch {
    return undefined;
  }
}

type JsonOnlyDetail = { type: string; value: Uint8Array; debug: JsonObject };

/** Returns whether the content of a detail is its JSON alone. */
function isJsonOnly(detail: ErrorDetail): detail is JsonOnlyDetail {
  return !("desc" in detail) && detail.value.length === 0 && isObject(detail.debug);
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/**
 * An error whose details came as JSON. `findDetails` also finds those of types that were unknown when the error was read,
 * because its caller names the type.
 */
export class JsonDetailsError extends ConnectError {
  override findDetails<D extends DescMessage>(desc: D): MessageShape<D>[];
  override findDetails(registry: Registry): Message[];
  override findDetails(types: DescMessage | Registry): Message[] {
    const registry = types.kind === "message" ? createRegistry(types) : types;
    return this.details.flatMap((detail): Message[] => {
      if (isJsonOnly(detail)) {
        const desc = registry.getMessage(detail.type);
        const message = desc && readContent(desc, exactly(detail.debug), typesWith(registry));
        return message === undefined ? [] : [message];
      }
      return new ConnectError("", this.code, undefined, [detail as never]).findDetails(registry);
    });
  }
}
