import { ConfigError } from "../../src/config/config-error.ts";
import { type ConfigSources, type ResolvedConfig, resolveConfig } from "../../src/config/resolve.ts";

/** Sources of a configuration; the file is given as its text. */
export type TestSources = Omit<Partial<ConfigSources>, "file" | "commandLine"> & {
  file?: string;
  flags?: Readonly<Record<string, string | readonly string[] | boolean>>;
  sets?: readonly string[];
};

/** Resolves a configuration whose file is called /etc/mdps/mdps.yaml. */
export function resolving({ file, flags = {}, sets = [], ...more }: TestSources): ResolvedConfig {
  return resolveConfig({
    dataDirectory: "/data",
    file: file === undefined ? undefined : { name: "/etc/mdps/mdps.yaml", text: file },
    commandLine: { flags: new Map(Object.entries(flags)), sets },
    ...more,
  });
}

/** Returns the problems that an invalid configuration is rejected with, one per line of the message. */
export function problemsOf(sources: TestSources): string[] {
  try {
    resolving(sources);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message.split("\n  ").filter((line) => line !== "the configuration is invalid:");
    }
    throw error;
  }
  throw new Error("the configuration is valid");
}

/** Returns the value of a setting and the name of its source. */
export function at({ values }: ResolvedConfig, path: string): unknown[] {
  const found = values.find(({ setting }) => setting.path === path);
  return [found?.value, found?.source.name];
}
