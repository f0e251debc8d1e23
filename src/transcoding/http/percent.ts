const broken = /[^\x21-\x7e]/;

/**
 * Percent-decodes a piece of a URL path, exactly once. A `+` is a plus. Returns undefined for a broken escape,
 * for bytes that are not UTF-8 and for characters that a URL cannot hold.
 */
export function decodeSegment(raw: string): string | undefined {
  if (broken.test(raw)) {
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
 * Decodes the value of a variable of several segments: everything but `%2F`, which stays as written, for
 * otherwise a slash in the data could not be told from a separator (google/api/http.proto).
 */
export function decodeSegments(raw: string): string | undefined {
  if (!raw.includes("%")) {
    return decodeSegment(raw);
  }
  const parts = raw.split(/(%2f)/i);
  const decoded = parts.map((part, index) => (index % 2 === 1 ? part : decodeSegment(part)));
  return decoded.includes(undefined) ? undefined : decoded.join("");
}

/** Decodes a name or value of a query: `+` is a blank, and then as in a path. */
export function decodeQueryPart(raw: string): string | undefined {
  return raw === "" ? "" : decodeSegment(raw.replaceAll("+", "%20"));
}

/** Encodes a value for one segment of a path: all but `-_.~` and ASCII letters and digits. */
export function encodeSegment(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
