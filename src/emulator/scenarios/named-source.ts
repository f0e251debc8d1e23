import { findScenario } from "./built-in/index.ts";
import { ScenarioError } from "./scenario.ts";
import { maxTextBytes, parseSource, type Source } from "./source-text.ts";

/** A scenario that can be loaded again and again. Whether it is valid is found out each time. */
export type NamedSource = {
  /** Name of the file or id of the scenario, for messages. */
  readonly name: string;
  readonly source: Source;
};

/** Returns a built-in scenario, or undefined if there is none of this id. Its errors have no places. */
export function builtInSource(id: string): NamedSource | undefined {
  const scenario = findScenario(id);
  return (
    scenario && { name: id, source: { value: scenario.content, placeOf: () => ({ line: 1, column: 1 }) } }
  );
}

/**
 * Parses the text of a scenario.
 *
 * @param name - Name of the file, for messages.
 * @throws ScenarioError with all places at which it is not YAML or JSON.
 */
export function textSource(name: string, text: string): NamedSource {
  const isTooLong = text.length > maxTextBytes || Buffer.byteLength(text) > maxTextBytes;
  const source = isTooLong
    ? { problems: [{ line: 1, column: 1, description: `must have at most ${maxTextBytes} bytes of UTF-8` }] }
    : parseSource(text);
  if ("problems" in source) {
    throw new ScenarioError(
      name,
      source.problems.map((problem) => ({ ...problem, path: "" })),
    );
  }
  return { name, source };
}
