import { fromJson } from "@bufbuild/protobuf";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { ConfigError } from "./config-error.ts";
import { configViolations, isWithin } from "./config-violations.ts";
import { defaultLayer } from "./defaults.ts";
import type { Layer, SettingValue } from "./layer.ts";
import { type CommandLineSettings, commandLineLayer } from "./layers/command-line.ts";
import { type Environment, environmentLayer, unknownVariables } from "./layers/environment.ts";
import { fileLayer } from "./layers/file.ts";
import { configJson, mergeLayers, problemsOfValues } from "./layers/merge.ts";
import { type Setting, settings } from "./settings.ts";

/** The sources of a server's configuration, the lowest layer first. */
export type ConfigSources = {
  /** Default of `storage.data`, if there is one. */
  readonly dataDirectory: string | undefined;
  readonly file?: { readonly name: string; readonly text: string } | undefined;
  readonly environment?: Environment;
  /** Variables of other commands, which are not reported as unknown. */
  readonly otherVariables?: ReadonlySet<string>;
  readonly commandLine?: CommandLineSettings;
};

/** A valid configuration. */
export type ResolvedConfig = {
  /** Includes defaults. */
  readonly config: ServerConfig;
  /** All settings that have a value, with their sources. */
  readonly values: readonly SettingValue[];
};

/**
 * Merges defaults, file, environment and command line, and validates the result. Throws ConfigError with all problems,
 * or ValueError if the file is not YAML.
 */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const { dataDirectory, file, environment = {}, otherVariables, commandLine } = sources;
  const layers = [
    defaultLayer(dataDirectory),
    ...(file ? [fileLayer(file.name, file.text)] : []),
    environmentLayer(environment),
    ...(commandLine ? [commandLineLayer(commandLine)] : []),
  ];
  const values = mergeLayers(layers);
  const secret = values.find(({ setting }) => setting.path === "auth.introspection.clientSecretEnv");
  const problems = [
    // Problems of overridden values do not matter: --port overrides the MDPS_PORT of Kubernetes.
    ...layers.flatMap(({ problems }, index) =>
      problems.filter(({ path }) => !isSet(path, layers.slice(index + 1))),
    ),
    ...unknownVariables(environment, new Set([...(otherVariables ?? []), String(secret?.value)])),
    ...problemsOfValues(values),
  ];
  // The rules can only be checked for values of the right types.
  const isInvalid = ({ path }: Setting) => problems.some((problem) => isWithin(problem.path, path));
  const valid = values.filter(({ setting }) => !isInvalid(setting));
  const config = fromJson(ServerConfigSchema, configJson(valid));
  problems.push(...configViolations(config, valid, settings.filter(isInvalid)));
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return { config, values };
}

function isSet(path: string, layers: readonly Layer[]): boolean {
  return layers.some(({ values }) => values.some(({ setting }) => setting.path === path));
}
