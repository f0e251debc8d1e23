import type { DescMessage } from "@bufbuild/protobuf";
import type { FunctionKind } from "./writer.ts";

/** Well-known types whose functions are all in the runtime, because of their JSON or because nearly all contracts have them. */
const inRuntime: ReadonlySet<string> = new Set(["Timestamp", "Duration", "Struct", "Value", "ListValue"]);

/** Well-known types whose JSON is that of the runtime. That of Any depends on a registry, and is left to protobuf-es. */
const jsonInRuntime: Readonly<Record<string, string>> = { FieldMask: "FieldMask", Any: "Nothing" };

/**
 * Returns the suffix of the names of the runtime's functions for a well-known type, or undefined for all other messages.
 * `isJsonObject`: whether protobuf-es has JSON objects instead of the messages.
 */
export function specialName(
  kind: FunctionKind,
  { typeName }: DescMessage,
  isJsonObject: boolean,
): string | undefined {
  const name = /^google\.protobuf\.(\w+)$/.exec(typeName)?.[1] ?? "";
  if (inRuntime.has(name)) {
    return name === "Struct" && isJsonObject ? "JsonObject" : name;
  }
  return kind === "read" || kind === "write" ? jsonInRuntime[name] : undefined;
}
