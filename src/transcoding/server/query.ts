import { quoteName } from "../../contract/field-violation.ts";
import { createSuggestion } from "../../contract/unknown-names/did-you-mean.ts";
import { decodeQueryPair } from "../http/percent.ts";
import type { ViolationList } from "../json/violations.ts";

/**
 * System parameters of Google's APIs, which are not fields of the request message, by each name that they have
 * (https://cloud.google.com/apis/docs/system-parameters).
 */
export const systemNames = {
  $alt: "alt",
  alt: "alt",
  $fields: "fields",
  fields: "fields",
  $prettyPrint: "prettyPrint",
  prettyPrint: "prettyPrint",
  $callback: "callback",
  callback: "callback",
  $key: "key",
  key: "key",
  quotaUser: "quotaUser",
  "$.xgafv": ".xgafv",
  $apiVersion: "apiVersion",
  access_token: "access_token",
} as const;

type SystemName = (typeof systemNames)[keyof typeof systemNames];

const knownSystemNames: ReadonlyMap<string, SystemName> = new Map(Object.entries(systemNames));

/** Names of system parameters that are suggested for similar ones. */
export const suggestedNames = ["alt", "fields", "prettyPrint"] as const;

const suggestSystemName = createSuggestion(suggestedNames.map((name) => `$${name}`));

/** A decoded parameter, with its name as the caller wrote it. */
export type QueryParameter = { readonly name: string; readonly value: string };

/** The parameters of a query, decoded once. */
export type Query = {
  readonly system: ReadonlyMap<SystemName, QueryParameter>;
  /** All others, in the order of the query. */
  readonly fields: readonly QueryParameter[];
};

const maxParameters = 1_000;
const empty: Query = { system: new Map(), fields: [] };

/**
 * Decodes a raw query (without `?`) and separates system parameters from fields. Adds violations for invalid escapes,
 * too many parameters, unknown names that begin with `$`, and system parameters that have no value or occur twice, also
 * by different names.
 */
export function readQuery(rawQuery: string, violations: ViolationList): Query {
  const pairs = rawQuery === "" ? [] : rawQuery.split("&").filter((pair) => pair !== "");
  if (pairs.length > maxParameters) {
    violations.add("query", `must not have more than ${maxParameters} parameters`);
    return empty;
  }
  if (pairs.length === 0) {
    return empty;
  }
  const system = new Map<SystemName, QueryParameter>();
  const fields: QueryParameter[] = [];
  for (const pair of pairs) {
    if (violations.isFull) {
      break;
    }
    const [name, value] = decodeQueryPair(pair);
    const systemName = name === undefined ? undefined : knownSystemNames.get(name);
    if (name === undefined || value === undefined) {
      violations.add(name === undefined ? "query" : shownParameter(name), "must be percent-encoded UTF-8");
    } else if (systemName !== undefined) {
      if (system.has(systemName)) {
        violations.add(name, "must be given once");
      } else if (!pair.includes("=")) {
        violations.add(name, `must have a value: ${name}=…`);
      } else {
        system.set(systemName, { name, value });
      }
    } else if (name.startsWith("$")) {
      violations.add(
        shownParameter(name),
        `is not a system parameter of this server${suggestSystemName(name)}`,
      );
    } else {
      fields.push({ name, value });
    }
  }
  return { system, fields };
}

/** The start of a name with the value of a credential: its `=` is escaped, perhaps twice, or another character. */
const credential = /^[^=:;&%]*(?:key|token|secret|password|auth)[^=:;&%]*(?=[=:;&%])/i;

/** Returns a name from the query for display: cut off, and quoted unless it is a plain path. */
export function shownParameter(name: string): string {
  if (/^[\w.]{1,128}$/.test(name)) {
    return name;
  }
  const shown = name.slice(0, 64);
  const [start] = credential.exec(shown) ?? [];
  return quoteName(start === undefined ? shown : `${start}…`);
}
