import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ServerConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { optionalParts } from "./defaults.ts";
import type { Fault, Given, Layer } from "./layer.ts";
import type { Setting } from "./settings.ts";
import { isSecret } from "./shown-value.ts";
import { unknownKeysIn } from "./unknown-keys.ts";

/** Lays layers over each other, the lowest first: of each setting the highest value holds, and no list is extended. */
export function mergeLayers(layers: readonly Layer[]): Given[] {
  const merged = new Map<string, Given>();
  for (const { given } of layers) {
    for (const each of given) {
      for (const rival of rivalsOf(each.setting, [...merged.values()])) {
        // Of a oneof, too, the highest layer says which member holds. One layer with two of them is a fault.
        if (rival.source.layer !== each.source.layer) {
          merged.delete(rival.setting.path);
        }
      }
      merged.set(each.setting.path, each);
    }
  }
  const values = [...merged.values()];
  const absent = optionalParts.filter(
    (part) => !values.some((each) => isBelow(each, part) && isChosen(each)),
  );
  return values.filter((each) => !absent.some((part) => isBelow(each, part)));
}

/** Finds values that are none of their settings: of a wrong type, or with keys that the schema does not have. */
export function faultsOfValues(values: readonly Given[]): Fault[] {
  return values.filter(isChosen).flatMap((given) => {
    const { setting, value, source } = given;
    const { path } = setting;
    const [rival] = rivalsOf(setting, values);
    if (rival !== undefined) {
      return [{ source, path, message: `is not for use with ${rival.setting.path}` }];
    }
    const unknown = unknownKeysIn(value, setting.field, path);
    if (unknown.length > 0) {
      return unknown.map((each) => ({ source, ...each }));
    }
    const message = typeFault(given);
    return message === undefined ? [] : [{ source, path, message }];
  });
}

/** Makes the JSON of one ServerConfig of all values. */
export function configJson(values: readonly Given[]): JsonValue {
  const root: { [key: string]: JsonValue } = {};
  for (const { setting, value } of values) {
    let scope = root;
    for (const { jsonName } of setting.fields.slice(0, -1)) {
      scope[jsonName] ??= {};
      scope = scope[jsonName] as { [key: string]: JsonValue };
    }
    scope[setting.field.jsonName] = value;
  }
  return root;
}

function typeFault(given: Given): string | undefined {
  try {
    fromJson(ServerConfigSchema, configJson([given]));
    return undefined;
  } catch (error) {
    return isSecret(given.setting)
      ? "must be a text"
      : (error as Error).message.replace(/^(cannot decode (field|message) \S+ from JSON: )+/, "");
  }
}

function isChosen({ source }: Given): boolean {
  return source.layer !== "default";
}

function isBelow({ setting }: Given, part: string): boolean {
  return setting.path.startsWith(`${part}.`);
}

/** Values of the other members of the oneof that a setting belongs to. */
function rivalsOf({ field, fields }: Setting, values: readonly Given[]): Given[] {
  return values.filter(
    ({ setting }) =>
      field.oneof !== undefined &&
      setting.field.oneof === field.oneof &&
      setting.field !== field &&
      setting.fields.at(-2) === fields.at(-2),
  );
}
