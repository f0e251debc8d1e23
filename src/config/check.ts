import { createValidator, type Validator, type Violation } from "@bufbuild/protovalidate";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { brokenRulesOf } from "./further-rules.ts";
import type { Fault, Given, Source } from "./layer.ts";
import { type Setting, settings } from "./settings.ts";

/** It compiles the rules once. */
let validator: Validator | undefined;

/**
 * Finds every rule that a configuration breaks: those of the schema, and those that a schema cannot state.
 *
 * @param values - What the configuration was made of.
 * @param missing - Settings whose values could not be read. Rules that are about them say nothing yet.
 */
export function violationsOf(
  config: ServerConfig,
  values: readonly Given[],
  missing: readonly Setting[],
): Fault[] {
  validator ??= createValidator();
  const { violations = [] } = validator.validate(ServerConfigSchema, config);
  const faults = [
    ...violations.map(({ field, message, ruleId }) => {
      const path = pathOf(field);
      const about = settingsOf(path, `${ruleId} ${message}`);
      const source = sourceOf(path, about, values);
      return { about, source, path, message: respell(message, about, source) };
    }),
    ...brokenRulesOf(config).map((rule) => {
      const about = settingsOf(rule.path, "");
      return { about, source: sourceOf(rule.path, about, values), ...rule };
    }),
  ];
  return faults
    .filter(({ about }) => !about.some((setting) => missing.includes(setting)))
    .map(({ source, path, message }) => ({ source, path, message }));
}

/** Says whether what a path names is the same as what another one does, or a part of it. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/**
 * Settings that a rule is about: that of its path, all of a oneof, or, of a rule of a whole message, those whose fields
 * it names.
 */
function settingsOf(path: string, rule: string): readonly Setting[] {
  const words: readonly string[] = rule.match(/\w+/g) ?? [];
  return settings.filter((setting) => {
    const { oneof, name } = setting.field;
    const parent = parentOf(setting);
    return (
      isWithin(path, setting.path) ||
      (oneof !== undefined && path === `${parent}.${oneof.localName}`) ||
      (path === parent && words.includes(name))
    );
  });
}

/** Where the values come from that a rule is about; if there are none, where those beside them do. */
function sourceOf(path: string, about: readonly Setting[], values: readonly Given[]): Source {
  const chosen = values.filter(({ source }) => source.layer !== "default");
  const given = chosen.find(({ setting }) => about.includes(setting));
  if (given) {
    return given.source;
  }
  for (let scope = path; scope !== ""; scope = scope.replace(/\.?[^.]*$/, "")) {
    const found = chosen.find(({ setting }) => isWithin(setting.path, scope));
    if (found) {
      return found.source;
    }
  }
  return { layer: "default", name: "default" };
}

/** Names settings as they are named where the value comes from; the schema's spelling is for nobody. */
function respell(message: string, about: readonly Setting[], source: Source): string {
  const nameOf = ({ flag, variable, field }: Setting) =>
    source.layer === "flag" && flag ? flag.long : source.layer === "environment" ? variable : field.jsonName;
  return about.reduce(
    (text, setting) => text.replace(new RegExp(`\\b${setting.field.name}\\b`), nameOf(setting)),
    message,
  );
}

function pathOf(path: Violation["field"]): string {
  return path
    .map((part, index) => {
      switch (part.kind) {
        case "list_sub":
          return `[${part.index}]`;
        case "map_sub":
          return `[${JSON.stringify(part.key)}]`;
        case "extension":
          return `[${part.typeName}]`;
        default: {
          const name = part.kind === "oneof" ? part.localName : part.jsonName;
          return index === 0 ? name : `.${name}`;
        }
      }
    })
    .join("");
}

function parentOf({ path }: Setting): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}
