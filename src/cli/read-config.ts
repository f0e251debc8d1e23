import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { parse } from "yaml";
import {
  type IntrospectionEndpoint,
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { isConfidential } from "../contract/loopback.ts";
import { UsageError } from "./explain.ts";
import { readSecretFile } from "./secret-file.ts";

/** A configuration file, checked, and the secrets that it points at. */
export type LoadedConfig = {
  readonly config: ServerConfig;
  /** What the server shows to the introspection endpoint. */
  readonly introspectionSecret: string | undefined;
};

/**
 * Reads a configuration file, YAML or JSON: the ServerConfig of proto/mobiledataplansharing/config/v1. Raises
 * UsageError, which names every rule that it breaks.
 */
export async function readConfig(file: string): Promise<LoadedConfig> {
  const config = parseConfig(file, await readText(file));
  const faults = faultsOf(config);
  if (faults.length > 0) {
    throw new UsageError(`--config: ${file}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
  const { introspection } = config.auth ?? {};
  return { config, introspectionSecret: introspection && (await readSecret(file, introspection)) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--config: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function parseConfig(file: string, text: string): ServerConfig {
  try {
    // JSON is YAML too. A file with nothing but comments is an empty configuration.
    return fromJson(ServerConfigSchema, (parse(text) ?? {}) as JsonValue);
  } catch (error) {
    throw new UsageError(`--config: ${file}: ${(error as Error).message}`);
  }
}

function faultsOf(config: ServerConfig): string[] {
  const { violations = [] } = createValidator().validate(ServerConfigSchema, config);
  const endpoints = [
    ...(config.auth?.jwtIssuers ?? []).map(({ jwksUri }, index) => ({
      path: `auth.jwtIssuers[${index}].jwksUri`,
      url: jwksUri,
    })),
    ...(config.auth?.introspection
      ? [{ path: "auth.introspection.endpoint", url: config.auth.introspection.endpoint }]
      : []),
  ];
  return [
    ...violations.map(String),
    ...endpoints
      .filter(({ url }) => !URL.canParse(url) || !isConfidential(new URL(url)))
      .map(({ path, url }) => `${path}: ${url} must be an https URL; http is for this machine alone`),
  ];
}

async function readSecret(file: string, { clientSecret }: IntrospectionEndpoint): Promise<string> {
  if (clientSecret.case === "clientSecretFile") {
    const path = resolve(dirname(file), clientSecret.value);
    return (await readSecretFile("auth.introspection.clientSecretFile", path)).replace(/\r?\n$/, "");
  }
  const name = String(clientSecret.value);
  const secret = process.env[name];
  if (!secret) {
    throw new UsageError(`auth.introspection.clientSecretEnv: the environment has no ${name}`);
  }
  return secret;
}
