import { readFileSync } from "node:fs";
import type { Vectors } from "./case.ts";

/** Path of the cases. */
export const vectorsFile = new URL("cases.json", import.meta.url).pathname;

/** Reads the cases. */
export function readVectors(): Vectors {
  return JSON.parse(readFileSync(vectorsFile, "utf8")) as Vectors;
}
