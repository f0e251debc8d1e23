import type { DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Codecs, type MessageCodec, maxStructValues } from "../../codec/index.ts";
import type { ReadingOptions, ReadingState } from "./reading-state.ts";

/** Reads a JSON value as a message, or returns undefined for what it leaves to the reader of all messages. */
type GeneratedReader<Desc extends DescMessage> = (
  json: unknown,
  state: ReadingState,
) => MessageShape<Desc> | undefined;

type Limits = Pick<ReadingOptions, "codecs" | "listLimits">;

/** Returns the generated reader of a message; undefined if there is none that these limits allow. */
export function generatedReader<Desc extends DescMessage>(
  desc: Desc,
  limits: Limits,
): GeneratedReader<Desc> | undefined {
  const codec = codecWithin(desc, limits);
  if (codec === undefined) {
    return undefined;
  }
  return function readGenerated(json, state) {
    const read = codec.readJson(json);
    if (read === undefined) {
      return undefined;
    }
    state.keys += read.keys;
    return read.message;
  };
}

/**
 * Returns the codec of a message; undefined if there is none, or it would accept a list that is longer than a limit: then
 * another reader must see the message.
 */
export function codecWithin<Desc extends DescMessage>(
  desc: Desc,
  { codecs, listLimits }: Limits,
): MessageCodec<Desc> | undefined {
  const codec = codecs?.get(desc);
  return codecs !== undefined && keepsLimits(desc, codecs, listLimits, new Set()) ? codec : undefined;
}

/** Types whose lists and maps codecs limit together. */
const structTypes: ReadonlySet<string> = new Set(["google.protobuf.Struct", "google.protobuf.ListValue"]);

function keepsLimits(
  desc: DescMessage,
  codecs: Codecs,
  listLimits: ReadingOptions["listLimits"],
  checked: Set<DescMessage>,
): boolean {
  if (checked.has(desc) || listLimits === undefined) {
    return true;
  }
  checked.add(desc);
  const maxItems = codecs.get(desc)?.maxItems ?? {};
  const others = structTypes.has(desc.typeName) ? maxStructValues : Number.POSITIVE_INFINITY;
  const isWithin = (field: DescField) =>
    (field.fieldKind !== "list" && field.fieldKind !== "map") ||
    (maxItems[field.localName] ?? others) <= (listLimits(field)?.most ?? Number.POSITIVE_INFINITY);
  return desc.fields.every(
    (field) =>
      isWithin(field) &&
      (field.message === undefined || keepsLimits(field.message, codecs, listLimits, checked)),
  );
}
