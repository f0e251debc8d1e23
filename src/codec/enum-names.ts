import type { DescEnum } from "@bufbuild/protobuf";
import { fallBack } from "./fall-back.ts";

/** The names of an enum in JSON. */
export type EnumNames = {
  /** Returns the number of a JSON value that is a name or a number. A closed enum has no unknown numbers. */
  read(json: unknown): number;
  /** Returns the JSON text of a number: a name, or the number if it has none. */
  write(value: number): string;
  /** Returns a number of a message if the enum may have it: a closed enum has no unknown numbers. */
  known(value: number): number;
};

/** Compiles the names of an enum. */
export function enumNames(desc: DescEnum): EnumNames {
  const numbers = new Map<unknown, number>();
  const texts = new Map<number, string>();
  for (const { jsonName, number } of desc.values) {
    numbers.set(jsonName, number);
  }
  // Afterwards, because these take precedence.
  for (const { name, number } of desc.values) {
    numbers.set(name, number);
  }
  if (desc.typeName === "google.protobuf.NullValue") {
    numbers.set(null, 0);
  }
  for (const { number } of desc.values) {
    texts.set(number, JSON.stringify(desc.value[number]?.jsonName));
  }
  return {
    read(json) {
      const number = numbers.get(json);
      if (number !== undefined) {
        return number;
      }
      const isNumber = typeof json === "number" && json === (json | 0);
      return isNumber && (desc.open || texts.has(json)) ? json : fallBack();
    },
    write(value) {
      return texts.get(value) ?? (Number.isInteger(value) ? `${value}` : fallBack());
    },
    known: (value) => (desc.open || texts.has(value) ? value : fallBack()),
  };
}
