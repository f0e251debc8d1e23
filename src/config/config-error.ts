import type { Fault } from "./layer.ts";

/** Raised for a configuration that is wrong. The message has all faults, each with the source of the value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(faultText);
    super(lines.length === 1 ? lines[0] : ["the configuration is wrong:", ...lines].join("\n  "));
    this.faults = faults;
  }
}

/** Says a fault in one line: `MDPS_PORT: listen.port: …`. */
export function faultText({ source, path, message }: Fault): string {
  return [source.name, path, message].filter((part) => part !== "").join(": ");
}
