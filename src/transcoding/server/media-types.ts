/** Returns whether a Content-Type is JSON in UTF-8. */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === "application/json") {
    return true;
  }
  const [type, ...parameters] = (contentType ?? "").toLowerCase().split(";");
  return (
    type?.trim() === "application/json" &&
    parameters.every(
      (parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-?8"?\s*$/.test(parameter),
    )
  );
}

/** Returns the format that an Accept header prefers for a stream; undefined if it accepts none. */
export function chooseStreamFormat(accept: string | undefined): "json-array" | "ndjson" | undefined {
  const quality = parseQualities(accept || "*/*");
  const lines = Math.max(quality.get("application/x-ndjson") ?? 0, quality.get("application/jsonl") ?? 0);
  const array = jsonQuality(quality);
  if (lines === 0 && array === 0) {
    return undefined;
  }
  return lines > array || (lines > 0 && !quality.has("application/json")) ? "ndjson" : "json-array";
}

/** Returns whether an Accept header accepts application/json. */
export function acceptsJson(accept: string | undefined): boolean {
  const isUsual = !accept || accept === "*/*" || accept === "application/json";
  return isUsual || jsonQuality(parseQualities(accept)) > 0;
}

// RFC 9110 12.5.1: the most specific range takes precedence.
function jsonQuality(quality: ReadonlyMap<string, number>): number {
  return quality.get("application/json") ?? quality.get("application/*") ?? quality.get("*/*") ?? 0;
}

/** Returns the quality of each item of an Accept or Accept-Encoding header (RFC 9110 12.4.2). */
export function parseQualities(header: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const item of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    qualities.set(name, q === undefined ? 1 : Number(q.slice(2)));
  }
  return qualities;
}
