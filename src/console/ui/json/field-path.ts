/** A step of a path: the name of a field or the key of a map, or the index of an item. */
export type Step = string | number;

const step = /\.?([^.[\]"]+)|\[([0-9]+)\]|\[("(?:[^"\\]|\\.)*")\]|\[(true|false|-[0-9]+)\]/y;

/**
 * Reads the path of a violation, such as `planStatus.plans[0].planModules[1].byteBalance`. Keys of maps are written `["x"]`.
 * Returns undefined for a text that is no path.
 */
export function parseFieldPath(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let at = 0;
  while (at < path.length) {
    step.lastIndex = at;
    const match = step.exec(path);
    const key = match?.[3] === undefined ? undefined : unquoted(match[3]);
    if (!match || (match[3] !== undefined && key === undefined)) {
      return undefined;
    }
    const [, name, index, , other] = match;
    steps.push(key ?? name ?? (index === undefined ? (other ?? "") : Number(index)));
    at = step.lastIndex;
  }
  return steps;
}

/** Writes a path as violations have it. */
export function fieldPathText(steps: readonly Step[]): string {
  return steps
    .map((step, at) => {
      if (typeof step === "number") {
        return `[${step}]`;
      }
      return /^[^.[\]"]+$/.test(step) ? `${at === 0 ? "" : "."}${step}` : `[${JSON.stringify(step)}]`;
    })
    .join("");
}

/** Returns the text of a JSON string; undefined if it is none. */
export function unquoted(json: string): string | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
