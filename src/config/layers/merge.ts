import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ServerConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { optionalSection } from "../defaults.ts";
import type { Layer, Problem, SettingValue } from "../layer.ts";
import { isSecret } from "../redact.ts";
import type { Setting } from "../settings.ts";
import { unknownKeysIn } from "../unknown-keys.ts";

/** Merges layers, the lowest first. The highest layer with a value for a setting wins; lists are replaced. */
export function mergeLayers(layers: readonly Layer[]): SettingValue[] {
  const merged = new Map<string, SettingValue>();
  for (const { values } of layers) {
    for (const each of values) {
      for (const rival of rivalsOf(each.setting, [...merged.values()])) {
        // The highest layer also decides which member of a oneof is set. Two members in one layer are a problem.
        if (rival.source.layer !== each.source.layer) {
          merged.delete(rival.setting.path);
        }
      }
      merged.set(each.setting.path, each);
    }
  }
  const values = [...merged.values()];
  const isOptional = ({ setting }: SettingValue) => setting.path.startsWith(`${optionalSection}.`);
  const isAbsent = !values.some((each) => isOptional(each) && isExplicit(each));
  return isAbsent ? values.filter((each) => !isOptional(each)) : values;
}

/** Finds values of a wrong type, values with unknown keys, and settings that exclude each other. */
export function problemsOfValues(values: readonly SettingValue[]): Problem[] {
  return values.filter(isExplicit).flatMap((each) => {
    const { setting, value, source } = each;
    const { path } = setting;
    const [rival] = rivalsOf(setting, values);
    if (rival !== undefined) {
      return [{ source, path, message: `cannot be combined with ${rival.setting.path}` }];
    }
    const unknown = unknownKeysIn(value, setting.field, path);
    if (unknown.length > 0) {
      return unknown.map((key) => ({ source, ...key }));
    }
    const message = typeError(each);
    return message === undefined ? [] : [{ source, path, message }];
  });
}

/** Builds the JSON of a ServerConfig from the values of its settings. */
export function configJson(values: readonly SettingValue[]): JsonValue {
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

function typeError(each: SettingValue): string | undefined {
  try {
    fromJson(ServerConfigSchema, configJson([each]));
    return undefined;
  } catch (error) {
    // The error quotes the value.
    return isSecret(each.setting)
      ? "must be a string"
      : (error as Error).message.replace(/^(cannot decode (field|message) \S+ from JSON: )+/, "");
  }
}

function isExplicit({ source }: SettingValue): boolean {
  return source.layer !== "default";
}

/** Returns the values of the other members of a setting's oneof. */
function rivalsOf({ field, fields }: Setting, values: readonly SettingValue[]): SettingValue[] {
  return values.filter(
    ({ setting }) =>
      field.oneof !== undefined &&
      setting.field.oneof === field.oneof &&
      setting.field !== field &&
      setting.fields.at(-2) === fields.at(-2),
  );
}
