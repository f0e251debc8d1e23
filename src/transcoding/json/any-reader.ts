import { create, type DescMessage } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyPack, hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { addUnknown, type MessageReader, maxDepth, type ReadingState } from "./reading-state.ts";
import { isObject } from "./scalar.ts";
import { shownName } from "./violations.ts";

const expected = "must be the JSON form of google.protobuf.Any";

/**
 * Returns the reader of google.protobuf.Any. It reads the message inside with `readerOf` instead of protobuf-es, so that
 * the same strict rules apply inside and outside.
 */
export function anyReader(readerOf: (desc: DescMessage) => MessageReader): MessageReader {
  return function readAny(json, path, state) {
    if (!isObject(json)) {
      return state.violations.add(path, expected);
    }
    if (state.depth >= maxDepth) {
      return state.violations.add(path, `must not be nested deeper than ${maxDepth} levels`);
    }
    const { "@type": url, ...content } = json;
    if (url === undefined && Object.keys(content).length === 0) {
      return create(AnySchema);
    }
    const desc = typeof url === "string" ? typeOf(url, state) : undefined;
    if (desc === undefined) {
      return state.violations.add(path, expected);
    }
    state.depth += 1;
    state.keys += 1;
    const any = hasCustomJsonRepresentation(desc)
      ? readValue(readerOf, desc, content, path, state)
      : pack(desc, readerOf(desc)(content, path, state));
    state.depth -= 1;
    if (any !== undefined) {
      any.typeUrl = url as string;
    }
    return any;
  };
}

function typeOf(url: string, { registry }: ReadingState): DescMessage | undefined {
  const slash = url.lastIndexOf("/");
  return slash > 0 && url.isWellFormed() ? registry?.getMessage(url.slice(slash + 1)) : undefined;
}

/** Reads a type whose JSON is not an object of its fields: the key `value` holds it. */
function readValue(
  readerOf: (desc: DescMessage) => MessageReader,
  desc: DescMessage,
  content: Readonly<Record<string, unknown>>,
  path: string,
  state: ReadingState,
): Any | undefined {
  const others = Object.keys(content).filter((key) => key !== "value");
  if (!Object.hasOwn(content, "value") || (others.length > 0 && !state.ignoreUnknownFields)) {
    return state.violations.add(path, expected);
  }
  const prefix = path === "" ? "" : `${path}.`;
  for (const key of others) {
    const description = `is not a field of ${desc.name} in an Any`;
    addUnknown(state, content[key], () => ({ field: prefix + shownName(key), description }));
  }
  state.keys += 1 + others.length;
  const at = `${prefix}value`;
  return pack(desc, readerOf(desc)(content.value, at, state));
}

function pack(desc: DescMessage, message: ReturnType<MessageReader>): Any | undefined {
  return message && anyPack(desc, message);
}
