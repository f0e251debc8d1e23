import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { type Example, examples } from "../../../examples/index.ts";
import type { Contract } from "../../contract/contract.ts";
import type { FieldEntry } from "../../contract/document.ts";

/** A message as JSON, from one of the examples. */
export type Sample = {
  readonly example: Example;
  /** The first such message in the example. */
  readonly json: JsonObject;
  /** Whether it is the whole example. */
  readonly isWhole: boolean;
};

const wholeOf: Readonly<Record<Example["kind"], string>> = {
  planStatus: "mobiledataplansharing.v1.PlanStatus",
  planGroup: "mobiledataplansharing.v1.PlanGroup",
};

/** Returns a message of a type from each example that has one, with the times of the examples relative to `now`. */
export function samplesOf(fullName: string, contract: Contract, now: Date): readonly Sample[] {
  return examples.flatMap((example): Sample[] => {
    const body = example.body(now);
    const json = messageIn(body, wholeOf[example.kind], fullName, contract);
    return json === undefined ? [] : [{ example, json, isWhole: json === body }];
  });
}

/** Returns the first message of a type in another message. */
function messageIn(
  json: JsonObject,
  typeName: string,
  wanted: string,
  contract: Contract,
): JsonObject | undefined {
  if (typeName === wanted) {
    return json;
  }
  const type = contract.find(typeName);
  for (const field of type?.kind === "message" ? type.fields : []) {
    const element = elementOf(field);
    const value = json[field.jsonName];
    for (const item of element === undefined || value === undefined ? [] : itemsOf(field, value)) {
      const found = isObject(item) ? messageIn(item, element as string, wanted, contract) : undefined;
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

function elementOf({ type }: FieldEntry): string | undefined {
  return type.flatMap((part) => (typeof part === "string" ? [] : (part.to ?? []))).at(0);
}

function itemsOf({ type: [first] }: FieldEntry, value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) {
    return value;
  }
  const isMap = typeof first === "string" && first.startsWith("map of ");
  return isMap && isObject(value) ? Object.values(value) : [value];
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
