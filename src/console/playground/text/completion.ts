import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { presenceOf } from "./field-facts.ts";
import { type JsonPlace, placeAt } from "./json-place.ts";
import { type Shape, shapeAt, shapeOfField, typeText } from "./json-shape.ts";
import { isEnd, templateOf, timeText, valuesOf } from "./template.ts";

/** Something that can be inserted. */
export type Suggestion = {
  readonly label: string;
  readonly kind: "field" | "value";
  /** Type of a field, or the value behind a label such as `in a day`. */
  readonly detail: string;
  /** Full name in the contract, by which its comment is found; empty if it has none. */
  readonly fullName: string;
  /** Text to insert, with holes in the syntax of CodeMirror's snippets. */
  readonly insert: string;
};

/** What can be inserted at a place, the most likely first. */
export type Suggestions = {
  readonly from: number;
  readonly to: number;
  /** Where a comma is missing before the inserted text. */
  readonly commaBefore: number | undefined;
  readonly options: readonly Suggestion[];
};

/** Returns what the contract allows at an offset of a text. `now` is the emulated time. */
export function suggestionsAt(
  text: string,
  offset: number,
  { root, now }: { readonly root: DescMessage; readonly now: Date },
): Suggestions | undefined {
  const place = placeAt(text, offset);
  const at = place && shapeAt(root, place.path);
  if (place === undefined || at === undefined) {
    return undefined;
  }
  const { from, to, commaBefore } = place;
  const all = place.kind === "name" ? fieldsFor(place, at.shape, now) : valuesFor(at.shape, at.field, now);
  const comma = place.needsComma ? "," : "";
  const options = matching(all, place.word).map((option) => ({ ...option, insert: option.insert + comma }));
  return options.length === 0 ? undefined : { from, to, commaBefore, options };
}

const order = ["required", "optional", "output only"];

/** Returns the fields that are not set. Required ones are first. */
function fieldsFor(place: JsonPlace, shape: Shape, now: Date): readonly Suggestion[] {
  if (shape.kind !== "message") {
    return [];
  }
  const isSet = (field: DescField) => place.names.has(field.jsonName) || place.names.has(field.name);
  return shape.message.fields
    .filter((field) => !isSet(field) && !field.oneof?.fields.some(isSet))
    .map((field) => ({ field, presence: presenceOf(field) }))
    .sort((a, b) => order.indexOf(a.presence) - order.indexOf(b.presence))
    .map(({ field, presence }) => ({
      label: field.jsonName,
      kind: "field",
      detail: presence === "optional" ? typeText(field) : `${typeText(field)} · ${presence}`,
      fullName: `${field.parent.typeName}.${field.name}`,
      insert: fieldText(field, place.hasColon, now),
    }));
}

function fieldText(field: DescField, hasColon: boolean, now: Date): string {
  const name = JSON.stringify(field.jsonName);
  return hasColon ? name : `${name}: ${templateOf(shapeOfField(field), field, now)}`;
}

function valuesFor(shape: Shape, field: DescField | undefined, now: Date): readonly Suggestion[] {
  const value = (label: string, insert: string, detail = "", fullName = ""): Suggestion => ({
    label,
    kind: "value",
    detail,
    fullName,
    insert,
  });
  switch (shape.kind) {
    case "enum":
      return valuesOf(shape.enum).map(({ name }) =>
        value(name, JSON.stringify(name), "", `${shape.enum.typeName}.${name}`),
      );
    case "timestamp":
      return timesFor(field).map(([label, afterMs]) => {
        const time = timeText(now, afterMs);
        return value(label, JSON.stringify(time), time);
      });
    case "duration":
      return ["60s", "3600s", "86400s"].map((text) => value(text, JSON.stringify(text)));
    case "message":
      return [value("{…}", templateOf(shape, field, now), shape.message.name, shape.message.typeName)];
    case "list":
      return [value("[…]", templateOf(shape, field, now), field && typeText(field))];
    case "map":
      return [value("{}", templateOf(shape, field, now))];
    case "scalar":
      return scalarsFor(shape.scalar, field).map(([label, insert]) =>
        value(label, insert, label === insert ? "" : insert),
      );
    case "free":
      return shape.root === undefined
        ? []
        : [value(shape.root === "object" ? "{}" : "[]", templateOf(shape, field, now))];
    default:
      return [];
  }
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pastTimes: readonly [string, number][] = [
  ["now", 0],
  ["an hour ago", -hourMs],
  ["a day ago", -dayMs],
];
const futureTimes: readonly [string, number][] = [
  ["in a day", dayMs],
  ["in an hour", hourMs],
  ["in 7 days", 7 * dayMs],
  ["in 30 days", 30 * dayMs],
];

function timesFor(field: DescField | undefined): readonly [string, number][] {
  return field !== undefined && isEnd(field)
    ? [...futureTimes, ...pastTimes]
    : [...pastTimes, ...futureTimes];
}

const strings: Readonly<Record<string, readonly string[]>> = {
  languageCode: ["en-US", "de-DE", "es-MX", "fr-FR", "hi-IN", "id-ID", "pt-BR", "sr-Latn", "ar-EG", "ur-PK"],
  currencyCode: ["USD", "EUR", "BRL", "EGP", "IDR", "INR", "MXN", "NGN", "PKR"],
};

function scalarsFor(scalar: ScalarType, field: DescField | undefined): readonly [string, string][] {
  const name = field?.jsonName ?? "";
  if (scalar === ScalarType.BOOL) {
    return [
      ["true", "true"],
      ["false", "false"],
    ];
  }
  if (name === "quotaBytes") {
    return [...byteCounts, ["unlimited", '"9223372036854775807"']];
  }
  if (/Bytes$/.test(name) && scalar === ScalarType.INT64) {
    return byteCounts;
  }
  return (strings[name] ?? []).map((text) => [text, JSON.stringify(text)]);
}

const byteCounts: readonly [string, string][] = [1, 2, 5, 10].map((count) => [
  `${count} GiB`,
  JSON.stringify(String(count * 1024 ** 3)),
]);

/** Returns the suggestions that a typed word fits: the beginning of a name first, then any part of it. */
function matching(all: readonly Suggestion[], word: string): readonly Suggestion[] {
  const typed = comparable(word);
  const rankOf = ({ label, detail, kind }: Suggestion) => {
    const name = comparable(label);
    if (name.startsWith(typed)) {
      return 0;
    }
    return name.includes(typed) || (kind === "value" && comparable(detail).includes(typed)) ? 1 : 2;
  };
  const ranked = all.map((option) => ({ option, rank: rankOf(option) })).filter(({ rank }) => rank < 2);
  return ranked.sort((a, b) => a.rank - b.rank).map(({ option }) => option);
}

/** Names are found by their spelling in the contract too: `plan_id` finds `planId`. */
function comparable(text: string): string {
  return text.replaceAll(/[_"]/g, "").toLowerCase();
}
