import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { JsonInput } from "./json-input.ts";
import { refuse } from "./refusal.ts";

// google.protobuf.FieldMask: a text in JSON, with paths in lower camel case. Only paths of which each form leads to the other.

const snakePaths = /^[a-z]+(?:[_.][a-z]+)*$/;
const camelPaths = /^[a-z]+(?:(?:[.,][a-z]|[A-Z])[a-z]*)*$/;

export function readFieldMask(_: JsonInput, json: unknown): FieldMask {
  if (typeof json !== "string" || !(json === "" || camelPaths.test(json))) {
    refuse();
  }
  const snake = json.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { $typeName: "google.protobuf.FieldMask", paths: snake === "" ? [] : snake.split(",") };
}

export function writeFieldMask({ $typeName, paths }: FieldMask): string {
  if (
    $typeName !== "google.protobuf.FieldMask" ||
    !paths.every((path) => typeof path === "string" && snakePaths.test(path))
  ) {
    refuse();
  }
  return `"${paths.join(",").replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}"`;
}
