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

/** What the contract says of a field: the sentence that begins with "Left out" apart from the others. */
export type Meaning = {
  readonly text: string;
  /** What holds when it is left out, in words; undefined if the contract does not say. */
  readonly leftOut: string | undefined;
};

/** Compiles the contract and returns ServerConfig with its comments, which descriptors at run time do not have. */
export function describedServerConfig(): DescMessage {
  const folder = mkdtempSync(join(tmpdir(), "mdps-settings-"));
  try {
    const file = join(folder, "contract.binpb");
    runBuf(["build", "proto", "-o", file]);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
    const message = registry.getMessage(ServerConfigSchema.typeName);
    if (message === undefined) {
      throw new Error(`proto/ has no ${ServerConfigSchema.typeName}`);
    }
    return message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads the comment of a setting. */
export function meaningOf(config: DescMessage, { fields }: Setting): Meaning {
  return meaningOfField(fieldAt(config, fields.map(({ name }) => name).join(".")));
}

/** Writes two tables in Markdown: all settings, and the parts of those that have any. */
export function settingsTables(config: DescMessage): string {
  const rows = settings.map((setting) => {
    const { text, leftOut } = meaningOf(config, setting);
    const value = defaultOf(setting.path);
    return [
      code(setting.path),
      setting.flag ? code(setting.flag.long) : "",
      code(setting.variable),
      value === undefined || Array.isArray(value) ? (leftOut ?? "none") : code(String(value)),
      setting.choices.length === 0 ? text : `${text} One of ${setting.choices.map(code).join(", ")}.`,
    ];
  });
  const parts = settings
    .map((setting) => ({ setting, field: fieldAt(config, setting.fields.map(({ name }) => name).join(".")) }))
    .flatMap(({ setting, field }) =>
      field.fieldKind === "list" && field.message ? partsOf(field.message, `${setting.path}[]`) : [],
    );
  return [
    table(["setting", "flag", "variable", "left out", "meaning"], rows),
    "Parts of lists:",
    table(["part", "left out", "meaning"], parts),
  ].join("\n\n");
}

function partsOf(message: DescMessage, above: string): string[][] {
  return message.fields.flatMap((field) => {
    const path = `${above}.${field.jsonName}`;
    const { text, leftOut = "" } = meaningOfField(field);
    const isPart = field.message === undefined || field.message.typeName === DurationSchema.typeName;
    if (isPart || field.fieldKind === "map") {
      return [[code(path), leftOut, text]];
    }
    return [
      [code(path), leftOut, text],
      ...partsOf(field.message, field.fieldKind === "list" ? `${path}[]` : path),
    ];
  });
}

function meaningOfField(field: DescField): Meaning {
  const description = (descriptionOf(field) ?? "").replaceAll(/\s+/g, " ");
  // A full stop within a number or an address ends no sentence.
  const sentence = /\s*\bLeft out(?::|, it is) (.+?)\.(?=\s|$)/;
  return { text: description.replace(sentence, ""), leftOut: sentence.exec(description)?.[1] };
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
