import type { Problem } from "./layer.ts";

/** Raised for an invalid configuration. The message lists all problems with their sources. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    // A line such as `MDPS_PORT: listen.port: …`.
    const lines = problems.map(({ source, path, message }) =>
      [source.name, path, message].filter((part) => part !== "").join(": "),
    );
    super(lines.length === 1 ? lines[0] : ["the configuration is invalid:", ...lines].join("\n  "));
    this.problems = problems;
  }
}
