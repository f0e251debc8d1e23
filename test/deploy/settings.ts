import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { parse } from "yaml";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { repository } from "./dockerfile.ts";

/** Reads a settings file of the repository. Throws an Error for an unknown key or a violation. */
export function readSettings(path: string): ServerConfig {
  return parseSettings(readFileSync(join(repository, path), "utf8"));
}

/** Parses settings as the server does. Throws an Error for an unknown key or a violation. */
export function parseSettings(text: string): ServerConfig {
  const config = fromJson(ServerConfigSchema, parse(text) as JsonValue);
  const { violations = [] } = createValidator().validate(ServerConfigSchema, config);
  if (violations.length > 0) {
    throw new Error(violations.map(String).join("; "));
  }
  return config;
}
