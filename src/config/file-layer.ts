import { dirname, resolve } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { ServerConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import type { Fault, Given, Layer, Source } from "./layer.ts";
import { parseYaml } from "./parse-yaml.ts";
import { absolute } from "./paths.ts";
import { settingAt } from "./settings.ts";
import { fieldOf, isFields, type JsonFields, unknownKey } from "./unknown-keys.ts";

/**
 * Reads what a configuration file gives: a ServerConfig as YAML or JSON. Paths in it are relative to it.
 *
 * @param file - Its path, by which faults name it.
 * @throws TextFault if the text is no YAML.
 */
export function fileLayer(file: string, text: string): Layer {
  const source: Source = { layer: "file", name: file };
  const directory = resolve(dirname(file));
  const given = new Map<string, Given>();
  const faults: Fault[] = [];
  const read = (fields: JsonFields, message: DescMessage, above: string) => {
    for (const [key, value] of Object.entries(fields)) {
      const field = fieldOf(message, key);
      if (field === undefined) {
        faults.push({ source, path: above, message: unknownKey(message, key) });
        continue;
      }
      const path = above === "" ? field.jsonName : `${above}.${field.jsonName}`;
      const setting = settingAt(path);
      if (value === null) {
        // A key with nothing after it, as in a file whose lines are comments.
      } else if (setting === undefined && isFields(value) && field.message) {
        read(value, field.message, path);
      } else if (setting === undefined) {
        faults.push({ source, path, message: "must hold further keys" });
      } else if (given.has(path)) {
        faults.push({ source, path, message: "is given in both spellings" });
      } else {
        given.set(path, { setting, value: absolute(setting, value, directory), source });
      }
    }
  };
  const document = parseYaml(text) ?? {};
  if (isFields(document)) {
    read(document, ServerConfigSchema, "");
  } else {
    faults.push({ source, path: "", message: "must hold the keys of a ServerConfig" });
  }
  return { given: [...given.values()], faults };
}
