import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type JsonPath, placeAt } from "./json-place.ts";
import { fieldOf, shapeAt } from "./json-shape.ts";

/** What the contract says about a place of a text. */
export type ContractPlace = {
  /** The part of the text that it is about. */
  readonly from: number;
  readonly to: number;
  /** Path of the field, or of the field that has the value. */
  readonly path: JsonPath;
  readonly field: DescField;
  /** Full name of the enum value that stands there, if it is one. */
  readonly valueName: string | undefined;
};

/** Returns what the contract says about the name or value at an offset of a text; undefined if it says nothing. */
export function contractPlaceAt(text: string, offset: number, root: DescMessage): ContractPlace | undefined {
  const place = placeAt(text, offset);
  if (place === undefined) {
    return undefined;
  }
  const { from, to } = place;
  const word = text.slice(from, to).replaceAll('"', "");
  if (place.kind === "name") {
    const at = shapeAt(root, place.path);
    const field = at?.shape.kind === "message" ? fieldOf(at.shape.message, word) : undefined;
    return field && { from, to, path: [...place.path, field.jsonName], field, valueName: undefined };
  }
  const at = shapeAt(root, place.path);
  if (at?.field === undefined) {
    return undefined;
  }
  const { shape, field } = at;
  const value = shape.kind === "enum" ? shape.enum.values.find(({ name }) => name === word) : undefined;
  const valueName = value && `${value.parent.typeName}.${value.name}`;
  return { from, to, path: place.path, field, valueName };
}
