import { balanceExamples } from "./balances.ts";
import type { Example } from "./example.ts";
import { prepaidExamples } from "./prepaid.ts";
import { stateExamples } from "./states.ts";

export type { Example, NotificationName } from "./example.ts";
export { exampleStatus } from "./prepaid.ts";

/** All examples. The first one is the default. */
export const examples: readonly Example[] = [...prepaidExamples, ...stateExamples, ...balanceExamples];

/** Names of the examples, for messages and completion. */
export const exampleNames: readonly string[] = examples.map(({ name }) => name);

/** Returns the example of a name, or undefined if there is none. */
export function findExample(name: string): Example | undefined {
  return examples.find((example) => example.name === name);
}
