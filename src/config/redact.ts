import type { JsonValue } from "@bufbuild/protobuf";
import type { SettingValue } from "./layer.ts";
import { absolute } from "./paths.ts";
import type { Setting } from "./settings.ts";

/** Whether the value of a setting may contain a password. */
export function isSecret({ path }: Setting): boolean {
  return path === "storage.store";
}

/** Returns a value for printing: without passwords and with absolute paths. */
export function printableValue({ setting, value }: SettingValue): JsonValue {
  const printable = absolute(setting, value, ".");
  return isSecret(setting) ? redactStoreUrl(String(printable)) : printable;
}

// Strict, because a password that is not percent-encoded shifts the parts of the URL.
const storeUrl = /^(postgres|postgresql|cql):\/\/(?:([^:/?#@]*)(:[^/?#@]*)?@)?([^?#@]*)(\?[^#@]*)?$/;

/** Replaces the password and secret options in the URL of a store by `***`. Malformed URLs are replaced as a whole. */
export function redactStoreUrl(url: string): string {
  if (url.startsWith("sqlite:") || url === "memory:") {
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
