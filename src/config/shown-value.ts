import type { JsonValue } from "@bufbuild/protobuf";
import type { Given } from "./layer.ts";
import { absolute } from "./paths.ts";
import type { Setting } from "./settings.ts";

/** Says whether the values of a setting may have a password in them. */
export function isSecret({ path }: Setting): boolean {
  return path === "storage.store";
}

/** Returns a value as it may be printed: without passwords, and with paths that hold wherever they are read. */
export function shownValue({ setting, value }: Given): JsonValue {
  return isSecret(setting)
    ? maskPassword(String(absolute(setting, value, ".")))
    : absolute(setting, value, ".");
}

// Strict, for a password that is not percent-encoded moves the borders.
const storeUrl = /^(postgres|postgresql|cql):\/\/(?:([^:/?#@]*)(:[^/?#@]*)?@)?([^?#@]*)(\?[^#@]*)?$/;

/** Masks what is secret in the URL of a store: its password, options that have one, and all of what is no such URL. */
export function maskPassword(url: string): string {
  if (url.startsWith("sqlite:")) {
    return url;
  }
  const [match, scheme, user, password, place = "", query = ""] = storeUrl.exec(url) ?? [];
  if (match === undefined) {
    return `${/^(postgres|postgresql|cql):/.exec(url)?.[0] ?? ""}***`;
  }
  const login = user === undefined ? "" : `${user}${password === undefined ? "" : ":***"}@`;
  const options = query.replaceAll(/([?&][^=&]*(?:pass|pwd|secret|token|%)[^=&]*=)[^&]*/gi, "$1***");
  return `${scheme}://${login}${place}${options}`;
}
