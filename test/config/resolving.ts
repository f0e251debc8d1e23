import { ConfigError } from "../../src/config/config-error.ts";
import type { GivenFlags } from "../../src/config/flag-layer.ts";
import { type ConfigSources, type ResolvedConfig, resolveConfig } from "../../src/config/resolve.ts";

/** Where the configurations of these tests may come from; a file is given as its text. */
export type Places = Omit<Partial<ConfigSources>, "file" | "flags"> & {
  file?: string;
  flags?: Readonly<Record<string, string | readonly string[] | boolean>>;
  sets?: readonly string[];
};

/** Resolves a configuration whose file is called /etc/mdps/mdps.yaml. */
export function resolving({ file, flags = {}, sets = [], ...more }: Places): ResolvedConfig {
  const given: GivenFlags = { values: new Map(Object.entries(flags)), sets };
  return resolveConfig({
    dataDirectory: "/data",
    file: file === undefined ? undefined : { name: "/etc/mdps/mdps.yaml", text: file },
    flags: given,
    ...more,
  });
}

/** The lines of the error that a configuration ends with. */
export function faultsOf(places: Places): string[] {
  try {
    resolving(places);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message.split("\n  ").filter((line) => line !== "the configuration is wrong:");
    }
    throw error;
  }
  throw new Error("the configuration is good");
}

/** Value and source of a setting. */
export function at({ values }: ResolvedConfig, path: string): unknown[] {
  const given = values.find(({ setting }) => setting.path === path);
  return [given?.value, given?.source.name];
}
