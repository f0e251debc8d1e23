import { getOption, type Message } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import type { Violation } from "@bufbuild/protovalidate";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { closestMatch, didYouMean } from "./did-you-mean.ts";

/** Returns the end of a message about a text that is not in the list of its rule: it suggests the allowed one. */
export function suggestAllowed({ ruleId, field: path }: Violation, message: Message): string {
  const field = path.findLast((part) => part.kind === "field");
  if (ruleId !== "string.in" || field === undefined) {
    return "";
  }
  const { type } = getOption(field, fieldRules);
  const rules = type?.case === "repeated" ? type.value.items?.type : type;
  const allowed = rules?.case === "string" ? rules.value.in : [];
  const value = valueAt(message, path);
  return typeof value === "string" ? didYouMean(closestMatch(value, allowed, 2)) : "";
}

function valueAt(message: Message, path: Path): unknown {
  let value: unknown = message;
  for (const part of path) {
    const name = part.kind === "field" ? part.localName : part.kind === "list_sub" ? part.index : "";
    value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[name];
  }
  return value;
}
