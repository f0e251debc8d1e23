import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { fallBack } from "./fall-back.ts";
import type { JsonInput } from "./json-input.ts";

// google.protobuf.FieldMask: a text in JSON, with paths in lower camel case. Handles only paths that convert to JSON and back unchanged.

const snakePaths = /^[a-z]+(?:[_.][a-z]+)*$/;
const camelPaths = /^[a-z]+(?:(?:[.,][a-z]|[A-Z])[a-z]*)*$/;

export function readFieldMask(_: JsonInput, json: unknown): FieldMask {
  if (typeof json !== "string" || !(json === "" || camelPaths.test(json))) {
    fallBack();
  }
  const snake = json.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { $typeName: "google.protobuf.FieldMask", paths: snake === "" ? [] : snake.split(",") };
}

export function writeFieldMask({ $typeName, paths }: FieldMask): string {
  if (
    $typeName !== "google.protobuf.FieldMask" ||
    !paths.every((path) => typeof path === "string" && snakePaths.test(path))
  ) {
    fallBack();
  }
  return `"${paths.join(",").replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}"`;
}
