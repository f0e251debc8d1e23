import { type DescField, type DescMessage, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { ServerConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { type Flag, flags, flagVariable } from "./flags.ts";
import {
  type ReadText,
  readAny,
  readBoolean,
  readDocument,
  readDuration,
  readList,
  readNumber,
  readWhole,
} from "./value-readers.ts";

/** A setting: a leaf of ServerConfig. A list or map, such as the issuers, is one leaf. */
export type Setting = {
  /** Path in a configuration file, of JSON names: `limits.maxRequestBytes`. */
  readonly path: string;
  /** The fields of the path, from ServerConfig down. */
  readonly fields: readonly DescField[];
  /** The last of them. */
  readonly field: DescField;
  /** Environment variable, named after the flag or else after the path. */
  readonly variable: string;
  readonly flag: Flag | undefined;
  /** Allowed values, if the schema lists them. */
  readonly choices: readonly string[];
  /** Parses the text of a variable or flag. */
  readonly read: ReadText;
  /** Parses one value of a list; undefined for other types. */
  readonly readItem: ReadText | undefined;
};

/** All settings, in the order of the schema. */
export const settings: readonly Setting[] = leavesOf(ServerConfigSchema, []).map(settingOf);

const byPath = new Map(settings.map((setting) => [setting.path, setting]));

/** Returns the setting at a path. */
export function settingAt(path: string): Setting | undefined {
  return byPath.get(path);
}

/** Returns the variable of a path: `MDPS_LIMITS_MAX_IN_FLIGHT` for `limits.maxInFlight`. */
export function pathVariable(path: string): string {
  return `MDPS_${path
    .replaceAll(".", "_")
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}

function leavesOf(message: DescMessage, above: readonly DescField[]): DescField[][] {
  return message.fields.flatMap((field) => {
    const fields = [...above, field];
    return field.fieldKind === "message" && field.message.typeName !== DurationSchema.typeName
      ? leavesOf(field.message, fields)
      : [fields];
  });
}

function settingOf(fields: readonly DescField[]): Setting {
  const path = fields.map(({ jsonName }) => jsonName).join(".");
  const field = fields.at(-1) as DescField;
  const flag = flags[path];
  const readItem =
    field.fieldKind === "list" && field.listKind === "scalar"
      ? (flag?.read ?? scalarReader(field.scalar))
      : undefined;
  return {
    path,
    fields,
    field,
    variable: flag ? flagVariable(flag.long.replace(/^--no-/, "--")) : pathVariable(path),
    flag,
    choices: choicesOf(field),
    read: readItem ? readList(readItem) : (flag?.read ?? readerOf(field)),
    readItem,
  };
}

function readerOf(field: DescField): ReadText {
  switch (field.fieldKind) {
    case "scalar":
      return scalarReader(field.scalar);
    case "message":
      return readDuration;
    case "enum":
      return readAny;
    case "list":
      return readDocument([]);
    case "map":
      return readDocument({});
  }
}

function scalarReader(type: ScalarType): ReadText {
  switch (type) {
    case ScalarType.STRING:
      return readAny;
    case ScalarType.BOOL:
      return readBoolean;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return readNumber;
    default:
      return readWhole;
  }
}

function choicesOf(field: DescField): readonly string[] {
  const { type } = hasOption(field, fieldRules) ? getOption(field, fieldRules) : {};
  return type?.case === "string" ? type.value.in : [];
}
