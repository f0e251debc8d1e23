/**
 * Writes cases.json from the cases of this folder: `npm run generate`. It completes their form (canonical JSON, binary)
 * and asks no server: what is expected is what the author of a case wrote.
 */
import { writeFileSync } from "node:fs";
import { acceptedStatuses } from "./accepted-statuses.ts";
import { clockSkewSeconds } from "./build.ts";
import { completeCase, type Vectors } from "./case.ts";
import { credentials } from "./credentials.ts";
import { planGroups } from "./plan-groups.ts";
import { vectorsFile } from "./read-vectors.ts";
import { refusedStatuses } from "./refused-statuses.ts";

/** Returns the text of cases.json. */
export function vectorsText(): string {
  const inits = [...acceptedStatuses, ...refusedStatuses, ...planGroups, ...credentials];
  const vectors: Vectors = { clockSkewSeconds, cases: inits.map(completeCase) };
  return `${JSON.stringify(vectors, undefined, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(vectorsFile, vectorsText());
}
