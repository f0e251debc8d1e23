import { createValidator, type Violation as RuleViolation } from "@bufbuild/protovalidate";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { suggestAllowed } from "../contract/unknown-names/allowed-values.ts";
import { extraViolations } from "./extra-rules.ts";
import type { Problem, SettingValue, Source } from "./layer.ts";
import { type Setting, settings } from "./settings.ts";

/** Compiles the rules at its first use. */
const validator = createValidator();

/**
 * Returns all violations of the rules of the schema and of `extraViolations`.
 *
 * @param values - Values that the configuration was built from.
 * @param unread - Settings whose values could not be read. Violations that concern them are left out.
 */
export function configViolations(
  config: ServerConfig,
  values: readonly SettingValue[],
  unread: readonly Setting[],
): Problem[] {
  const { violations = [] } = validator.validate(ServerConfigSchema, config);
  return [
    ...violations.map((violation) => ({
      path: pathOf(violation.field),
      message: violation.message + suggestAllowed(violation, config),
      ruleId: violation.ruleId,
    })),
    ...extraViolations(config).map((violation) => ({ ...violation, ruleId: "" })),
  ].flatMap(({ path, message, ruleId }) => {
    const affected = affectedSettings(path, `${ruleId} ${message}`);
    if (affected.some((setting) => unread.includes(setting))) {
      return [];
    }
    const source = sourceOf(path, affected, values);
    return [{ source, path, message: renameFields(message, affected, source) }];
  });
}

/** Whether a path is equal to another one or below it. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/**
 * Returns the settings that a violation concerns: the one at its path, all members of a oneof or, for a rule of a
 * message, those whose fields `rule` mentions.
 */
function affectedSettings(path: string, rule: string): readonly Setting[] {
  const words: readonly string[] = rule.match(/\w+/g) ?? [];
  return settings.filter((setting) => {
    const { oneof, name } = setting.field;
    const parent = setting.path.slice(0, Math.max(0, setting.path.lastIndexOf(".")));
    return (
      isWithin(path, setting.path) ||
      (oneof !== undefined && path === `${parent}.${oneof.localName}`) ||
      (path === parent && words.includes(name))
    );
  });
}

/** Returns the source of the first affected setting or, if none has a value, that of the nearest setting that has. */
function sourceOf(path: string, affected: readonly Setting[], values: readonly SettingValue[]): Source {
  const explicit = values.filter(({ source }) => source.layer !== "default");
  const own = explicit.find(({ setting }) => affected.includes(setting));
  if (own) {
    return own.source;
  }
  for (let scope = path; scope !== ""; scope = scope.replace(/\.?[^.]*$/, "")) {
    const found = explicit.find(({ setting }) => isWithin(setting.path, scope));
    if (found) {
      return found.source;
    }
  }
  return { layer: "default", name: "default" };
}

/** Replaces names of fields in a message by the names that the source uses: flags, variables or JSON names. */
function renameFields(message: string, affected: readonly Setting[], source: Source): string {
  const nameOf = ({ flag, variable, field }: Setting) =>
    source.layer === "flag" && flag ? flag.long : source.layer === "environment" ? variable : field.jsonName;
  return affected.reduce(
    (text, setting) => text.replace(new RegExp(`\\b${setting.field.name}\\b`), nameOf(setting)),
    message,
  );
}

function pathOf(path: RuleViolation["field"]): string {
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
