import { fromJson } from "@bufbuild/protobuf";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { isWithin, violationsOf } from "./check.ts";
import { ConfigError } from "./config-error.ts";
import { defaultLayer } from "./defaults.ts";
import { type Environment, environmentLayer, unknownVariables } from "./environment-layer.ts";
import { fileLayer } from "./file-layer.ts";
import { flagLayer, type GivenFlags } from "./flag-layer.ts";
import type { Given, Layer } from "./layer.ts";
import { configJson, faultsOfValues, mergeLayers } from "./merge.ts";
import { type Setting, settings } from "./settings.ts";

/** What the configuration of a server is made of, the lowest layer first. */
export type ConfigSources = {
  /** Where data live unless said otherwise. */
  readonly dataDirectory: string;
  readonly file?: { readonly name: string; readonly text: string } | undefined;
  readonly environment?: Environment;
  /** Variables of other commands, which mean nothing to a server and are no mistakes. */
  readonly otherVariables?: ReadonlySet<string>;
  readonly flags?: GivenFlags;
};

/** The configuration that holds. */
export type ResolvedConfig = {
  /** With the defaults of all that is left out. */
  readonly config: ServerConfig;
  /** All settings that have a value, and where it comes from. */
  readonly values: readonly Given[];
};

/**
 * Lays defaults, file, environment and flags over each other and checks what comes out. Raises ConfigError with all
 * that is wrong, or TextFault if the file is no YAML.
 */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const { dataDirectory, file, environment = {}, otherVariables, flags } = sources;
  const layers = [
    defaultLayer(dataDirectory),
    ...(file ? [fileLayer(file.name, file.text)] : []),
    environmentLayer(environment),
    ...(flags ? [flagLayer(flags)] : []),
  ];
  const values = mergeLayers(layers);
  const secret = values.find(({ setting }) => setting.path === "auth.introspection.clientSecretEnv");
  const faults = [
    // What a higher layer replaces does not matter: --port wins over what Kubernetes makes of MDPS_PORT.
    ...layers.flatMap(({ faults }, index) =>
      faults.filter(({ path }) => !isGiven(path, layers.slice(index + 1))),
    ),
    ...unknownVariables(environment, new Set([...(otherVariables ?? []), String(secret?.value)])),
    ...faultsOfValues(values),
  ];
  // Rules are for values of the right types.
  const isWrong = ({ path }: Setting) => faults.some((fault) => isWithin(fault.path, path));
  const sound = values.filter(({ setting }) => !isWrong(setting));
  const config = fromJson(ServerConfigSchema, configJson(sound));
  faults.push(...violationsOf(config, sound, settings.filter(isWrong)));
  if (faults.length > 0) {
    throw new ConfigError(faults);
  }
  return { config, values };
}

function isGiven(path: string, layers: readonly Layer[]): boolean {
  return layers.some(({ given }) => given.some(({ setting }) => setting.path === path));
}
