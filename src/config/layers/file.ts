import { dirname, resolve } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { ServerConfigSchema } from "../../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Layer, Problem, SettingValue, Source } from "../layer.ts";
import { parseYaml } from "../parse-yaml.ts";
import { absolute } from "../paths.ts";
import { settingAt } from "../settings.ts";
import { fieldOf, isJsonObject, type JsonObject, unknownKey } from "../unknown-keys.ts";

/**
 * Reads a configuration file: a ServerConfig as YAML or JSON, with paths relative to the file.
 *
 * @param file - Path of the file, by which problems name it.
 * @throws ValueError if the text is not YAML.
 */
export function fileLayer(file: string, text: string): Layer {
  const source: Source = { layer: "file", name: file };
  const directory = resolve(dirname(file));
  const values = new Map<string, SettingValue>();
  const problems: Problem[] = [];
  const readFields = (fields: JsonObject, message: DescMessage, parent: string) => {
    for (const [key, value] of Object.entries(fields)) {
      const field = fieldOf(message, key);
      if (field === undefined) {
        problems.push({ source, path: parent, message: unknownKey(message, key) });
        continue;
      }
      const path = parent === "" ? field.jsonName : `${parent}.${field.jsonName}`;
      const setting = settingAt(path);
      if (value === null) {
        // The lines below this key are commented out.
      } else if (setting === undefined && isJsonObject(value) && field.message) {
        readFields(value, field.message, path);
      } else if (setting === undefined) {
        problems.push({ source, path, message: "must be an object" });
      } else if (values.has(path)) {
        problems.push({ source, path, message: `is set twice, as ${field.jsonName} and as ${field.name}` });
      } else {
        values.set(path, { setting, value: absolute(setting, value, directory), source });
      }
    }
  };
  const document = parseYaml(text) ?? {};
  if (isJsonObject(document)) {
    readFields(document, ServerConfigSchema, "");
  } else {
    problems.push({ source, path: "", message: "must be an object with the keys of ServerConfig" });
  }
  return { values: [...values.values()], problems };
}
