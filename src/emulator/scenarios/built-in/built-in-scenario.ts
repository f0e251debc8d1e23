/** A scenario that needs no file. */
export type BuiltInScenario = {
  /** Lower case with hyphens, such as `lost-answers`. */
  readonly id: string;
  /** One sentence: what it sets up. */
  readonly description: string;
  /** What a file would have, as JSON. */
  readonly content: Readonly<Record<string, unknown>>;
};
