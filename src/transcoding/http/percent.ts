const notInUrl = /[^\x21-\x7e]/;

/**
 * Percent-decodes a part of a URL path, exactly once. A `+` is a plus sign. Returns undefined for invalid escapes, bytes
 * that are not UTF-8 and characters that are not allowed in URLs.
 */
export function decodeSegment(raw: string): string | undefined {
  if (notInUrl.test(raw)) {
    return undefined;
  }
  if (!raw.includes("%")) {
    return raw;
  }
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/**
 * Decodes the value of a variable with several segments. `%2F` is not decoded, because a slash in the data would then
 * look like a separator (google/api/http.proto).
 */
export function decodeSegments(raw: string): string | undefined {
  if (!raw.includes("%")) {
    return decodeSegment(raw);
  }
  const parts = raw.split(/(%2f)/i);
  const decoded = parts.map((part, index) => (index % 2 === 1 ? part : decodeSegment(part)));
  return decoded.includes(undefined) ? undefined : decoded.join("");
}

/** Decodes a name or value of a query, where `+` is a space. */
export function decodeQueryPart(raw: string): string | undefined {
  return raw === "" ? "" : decodeSegment(raw.replaceAll("+", "%20"));
}

/** Decodes a `name=value` pair of a query. A part that cannot be decoded is undefined; a missing value is "". */
export function decodeQueryPair(pair: string): [name: string | undefined, value: string | undefined] {
  const [name = "", ...value] = pair.split("=");
  return [decodeQueryPart(name), decodeQueryPart(value.join("="))];
}

/** Encodes a value for one path segment: everything except ASCII letters, digits and `-_.~`. */
export function encodeSegment(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
