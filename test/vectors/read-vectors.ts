import { readFileSync } from "node:fs";
import type { Vectors } from "./case.ts";

/** Path of `cases.json`. */
export const vectorsFile = new URL("cases.json", import.meta.url).pathname;

/** Reads `cases.json`. */
export function readVectors(): Vectors {
  return JSON.parse(readFileSync(vectorsFile, "utf8")) as Vectors;
}
