import { closestMatch, didYouMean } from "../../../contract/unknown-names/did-you-mean.ts";
import type { BuiltInScenario } from "./built-in-scenario.ts";
import { faultScenarios } from "./faults.ts";
import { recordScenarios } from "./records.ts";

export type { BuiltInScenario } from "./built-in-scenario.ts";

/** All built-in scenarios. */
export const builtInScenarios: readonly BuiltInScenario[] = [
  { id: "empty", description: "Changes nothing.", content: {} },
  ...recordScenarios,
  ...faultScenarios,
];

/** Returns the scenario of an id, or undefined if there is none. */
export function findScenario(id: string): BuiltInScenario | undefined {
  return builtInScenarios.find((scenario) => scenario.id === id);
}

/** Describes what was expected of an id that no scenario has. */
export function unknownScenario(id: string): string {
  const ids = builtInScenarios.map((scenario) => scenario.id);
  return `must be one of ${ids.join(", ")}${didYouMean(closestMatch(id, ids))}`;
}
