import { createValidator, type Violation } from "@bufbuild/protovalidate";
import {
  type ServerConfig,
  ServerConfigSchema,
} from "../../gen/mobiledataplansharing/config/v1/server_config_pb.ts";
import { isConfidential } from "../contract/loopback.ts";
import type { Fault, Given, Source } from "./layer.ts";
import { type Setting, settings } from "./settings.ts";

/**
 * Finds every rule that a configuration breaks: those of the schema, and those that a schema cannot state.
 *
 * @param values - What the configuration was made of.
 * @param missing - Settings whose values could not be read. What is said of them, or needs them, would be wrong.
 */
export function violationsOf(
  config: ServerConfig,
  values: readonly Given[],
  missing: readonly Setting[],
): Fault[] {
  const { violations = [] } = createValidator().validate(ServerConfigSchema, config);
  const found = [
    ...violations.map((violation) => faultOf(violation, values)),
    ...[...endpointFaults(config), ...addressFaults(config), ...rateFaults(config)].map(
      ({ path, message }) => ({
        source: sourceOf(path, values),
        path,
        message,
      }),
    ),
  ];
}

type Found = { readonly path: string; readonly message: string };

function endpointFaults({ auth }: ServerConfig): Found[] {
  const { jwtIssuers = [], introspection } = auth ?? {};
  return [
    ...jwtIssuers.map(({ jwksUri }, index) => ({ path: `auth.jwtIssuers[${index}].jwksUri`, url: jwksUri })),
    ...(introspection ? [{ path: "auth.introspection.endpoint", url: introspection.endpoint }] : []),
  ]
    .filter(({ url }) => !URL.canParse(url) || !isConfidential(new URL(url)))
    .map(({ path, url }) => ({
      path,
      message: `${url} must be an https URL; http is for this machine alone`,
    }));
}

function addressFaults({ admin }: ServerConfig): Found[] {
  const port = Number(/:(\d+)$/.exec(admin?.listen ?? "")?.[1] ?? 0);
  return port > 65_535 ? [{ path: "admin.listen", message: "its port must be at most 65535" }] : [];
}

function rateFaults({ limits }: ServerConfig): Found[] {
  return (limits?.operatorRates ?? []).flatMap(({ rate }, index) =>
    rate && rate.perSecond === undefined
      ? [{ path: `limits.operatorRates[${index}].rate.perSecond`, message: "value is required" }]
      : [],
  );
}

function faultOf(
  { field, message, ruleId }: Violation,
  values: readonly Given[],
): Fault & { about: readonly Setting[] } {
  const path = pathOf(field);
  // A rule of a whole message names the fields that it is about, as the schema spells them.
  const words: readonly string[] = `${ruleId} ${message}`.match(/\w+/g) ?? [];
  const about = settings.filter(
    (setting) =>
      isWithin(path, setting.path) || (parentOf(setting) === path && words.includes(setting.field.name)),
  );
  const given = values.find(({ setting, source }) => about.includes(setting) && source.layer !== "default");
  const source = given?.source ?? sourceOf(path, values);
  return { source, path, message: respell(message, about, source), about };
}

/** Names settings as those are named where the value comes from. */
function respell(message: string, about: readonly Setting[], source: Source): string {
  const nameOf = ({ flag, variable, field }: Setting) =>
    source.layer === "flag" && flag ? flag.long : source.layer === "environment" ? variable : field.jsonName;
  return about.reduce(
    (text, setting) => text.replace(new RegExp(`\\b${setting.field.name}\\b`), nameOf(setting)),
    message,
  );
}

function pathOf(path: Violation["field"]): string {
  return path
    .map((part, index) => {
      switch (part.kind) {
        case "list_sub":
          return `[${part.index}]`;
        case "map_sub":
          return `[${JSON.stringify(part.key)}]`;
        case "extension":
          return `[${part.typeName}]`;
        default: {
          const name = part.kind === "oneof" ? part.localName : part.jsonName;
          return index === 0 ? name : `.${name}`;
        }
      }
    })
    .join("");
}

function parentOf({ path }: Setting): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

/** Where the value at a path comes from; if there is none, where those beside it do. */
function sourceOf(path: string, values: readonly Given[]): Source {
  const chosen = values.filter(({ source }) => source.layer !== "default");
  for (let scope = path.replace(/\[.*/, ""); scope !== ""; scope = scope.replace(/\.?[^.]*$/, "")) {
    const found = chosen.find(
      ({ setting }) => setting.path === scope || setting.path.startsWith(`${scope}.`),
    );
    if (found) {
      return found.source;
    }
  }
  return { layer: "default", name: "default" };
}
