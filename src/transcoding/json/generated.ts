import type { DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Codecs, MessageCodec } from "../../codec/index.ts";
import { maxStructValues } from "../../codec/limits.ts";
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
  return codecs !== undefined && keepsLimits(desc, [], { codecs, listLimits, checked: new Set() })
    ? codec
    : undefined;
}

/** Types for which codecs limit the total number of values, not each list. */
const structTypes: ReadonlySet<string> = new Set(["google.protobuf.Struct", "google.protobuf.ListValue"]);

type Check = {
  readonly codecs: Codecs;
  readonly listLimits: ReadingOptions["listLimits"];
  /** Names of the messages that were checked, those of copies with an asterisk. */
  readonly checked: Set<string>;
};

/** Whether no list is read beyond its limit. `copies`: messages whose functions are in the module that reads this one. */
function keepsLimits(desc: DescMessage, copies: readonly string[], check: Check): boolean {
  const { codecs, listLimits, checked } = check;
  const isCopy = copies.includes(desc.typeName);
  const key = isCopy ? `${desc.typeName}*` : desc.typeName;
  if (listLimits === undefined || checked.has(key)) {
    return true;
  }
  checked.add(key);
  const codec = isCopy ? undefined : codecs.get(desc);
  const others = structTypes.has(desc.typeName) ? maxStructValues : Number.POSITIVE_INFINITY;
  const isWithin = (field: DescField) =>
    (field.fieldKind !== "list" && field.fieldKind !== "map") ||
    (codec?.maxItems[field.localName] ?? others) <= (listLimits(field)?.most ?? Number.POSITIVE_INFINITY);
  const copiesInside = codec?.copies ?? copies;
  return desc.fields.every(
    (field) =>
      isWithin(field) && (field.message === undefined || keepsLimits(field.message, copiesInside, check)),
  );
}
