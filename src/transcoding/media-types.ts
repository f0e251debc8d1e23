/** Says whether a Content-Type is JSON in UTF-8. */
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

/** Says whether an Accept header admits application/json. */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") {
    return true;
  }
  const quality = new Map<string, number>();
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    quality.set(type, q === undefined ? 1 : Number(q.slice(2)));
  }
  // RFC 9110 12.5.1: the most specific range decides.
  return (quality.get("application/json") ?? quality.get("application/*") ?? quality.get("*/*") ?? 0) > 0;
}
