import type { Problem } from "./layer.ts";

/** Raised for an invalid configuration. The message lists all problems with their sources. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(lineOf);
    super(lines.length === 1 ? lines[0] : ["the configuration is invalid:", ...lines].join("\n  "));
    this.problems = problems;
  }
}

/** Formats a problem as one line: `MDPS_PORT: listen.port: …`. */
function lineOf({ source, path, message }: Problem): string {
  return [source.name, path, message].filter((part) => part !== "").join(": ");
}
