/** Fails if `gen/openapi.json` breaks users of `baseline/openapi.json`: paths, HTTP rules, JSON, `buf.validate` rules. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../generate/describe/json.ts";
import { restChanges } from "./rest-changes/operations.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): JsonObject => JSON.parse(readFileSync(join(root, path), "utf8"));

const changes = restChanges(read("scripts/checks/baseline/openapi.json"), read("gen/openapi.json"));
if (changes.length > 0) {
  console.error(`these changes break users of REST or JSON (docs/stability.md):\n  ${changes.join("\n  ")}`);
  process.exitCode = 1;
} else {
  console.log("gen/openapi.json is compatible with scripts/checks/baseline/openapi.json");
}
