import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, type DescField, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { DurationSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ServerConfigSchema } from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { defaultOf } from "../../src/config/defaults.ts";
import { type Setting, settings } from "../../src/config/settings.ts";
import { runBuf } from "../run-buf.ts";
import { descriptionOf } from "./describe/description.ts";
import { fieldAt } from "./describe/fields.ts";

/** The comment of a field in the contract, without its sentence "Default: …". */
export type FieldComment = {
  readonly text: string;
  /** The rest of the sentence "Default: …"; undefined if the comment has none. */
  readonly defaultText: string | undefined;
};

/** Compiles the protos of the server and returns ServerConfig with its comments, which generated code does not contain. */
export function describedServerConfig(): DescMessage {
  const folder = mkdtempSync(join(tmpdir(), "mdps-settings-"));
  try {
    const file = join(folder, "contract.binpb");
    runBuf(["build", "server-proto", "-o", file]);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
    const message = registry.getMessage(ServerConfigSchema.typeName);
    if (message === undefined) {
      throw new Error(`server-proto/ has no ${ServerConfigSchema.typeName}`);
    }
    return message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the comment of a setting. */
export function commentOf(config: DescMessage, { fields }: Setting): FieldComment {
  return commentOfField(fieldAt(config, fields.map(({ name }) => name).join(".")));
}

/** Returns two tables in Markdown: all settings, and the parts of settings that are lists of messages. */
export function settingsTables(config: DescMessage): string {
  const rows = settings.map((setting) => {
    const { text, defaultText } = commentOf(config, setting);
    const value = defaultOf(setting.path);
    return [
      code(setting.path),
      setting.flag ? code(setting.flag.long) : "",
      code(setting.variable),
      value === undefined || Array.isArray(value) ? (defaultText ?? "none") : code(String(value)),
      setting.choices.length === 0 ? text : `${text} One of ${setting.choices.map(code).join(", ")}.`,
    ];
  });
  const parts = settings
    .map((setting) => ({ setting, field: fieldAt(config, setting.fields.map(({ name }) => name).join(".")) }))
    .flatMap(({ setting, field }) =>
      field.fieldKind === "list" && field.message ? partsOf(field.message, `${setting.path}[]`) : [],
    );
  return [
    table(["setting", "flag", "variable", "default", "description"], rows),
    "Parts of lists:",
    table(["part", "default", "description"], parts),
  ].join("\n\n");
}

function partsOf(message: DescMessage, parent: string): string[][] {
  return message.fields.flatMap((field) => {
    const path = `${parent}.${field.jsonName}`;
    const { text, defaultText = "" } = commentOfField(field);
    const isPart = field.message === undefined || field.message.typeName === DurationSchema.typeName;
    if (isPart || field.fieldKind === "map") {
      return [[code(path), defaultText, text]];
    }
    return [
      [code(path), defaultText, text],
      ...partsOf(field.message, field.fieldKind === "list" ? `${path}[]` : path),
    ];
  });
}

function commentOfField(field: DescField): FieldComment {
  const description = (descriptionOf(field) ?? "").replaceAll(/\s+/g, " ");
  // A dot inside a number or an address does not end the sentence.
  const sentence = /\s*\bDefault: (.+?)\.(?=\s|$)/;
  return { text: description.replace(sentence, ""), defaultText: sentence.exec(description)?.[1] };
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
