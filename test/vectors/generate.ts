/**
 * Writes cases.json from the cases in this folder: `npm run generate`. Adds canonical JSON and binary messages. It does
 * not ask a server: the author of a case writes what is expected.
 */
import { writeFileSync } from "node:fs";
import { acceptedStatuses } from "./accepted-statuses.ts";
import { clockSkewSeconds, serverTime } from "./build.ts";
import { completeCase, type Vectors } from "./case.ts";
import { credentials } from "./credentials.ts";
import { planGroups } from "./plan-groups.ts";
import { vectorsFile } from "./read-vectors.ts";
import { rejectedStatuses } from "./rejected-statuses.ts";

/** Returns the text of cases.json. */
export function vectorsText(): string {
  const inits = [...acceptedStatuses, ...rejectedStatuses, ...planGroups, ...credentials];
  const vectors: Vectors = { serverTime, clockSkewSeconds, cases: inits.map(completeCase) };
  return `${JSON.stringify(vectors, undefined, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(vectorsFile, vectorsText());
}
