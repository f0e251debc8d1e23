import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** A content coding of responses. */
export type Coding = "gzip" | "br";

/** Codings in order of preference if the caller rates them equally. */
const offered: readonly Coding[] = ["br", "gzip"];

/**
 * Returns the coding to use for an Accept-Encoding header (RFC 9110 12.5.3); undefined for none. Uses no coding even if
 * the header excludes `identity`, since an error would not help the caller.
 */
export function chooseCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined || acceptEncoding === "") {
    return undefined;
  }
  const quality = new Map<string, number>();
  for (const item of acceptEncoding.toLowerCase().split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    quality.set(name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  const qualityOf = (coding: string) => quality.get(coding) ?? quality.get("*") ?? 0;
  const identity = quality.get("identity") ?? 0;
  const best = [...offered].sort((a, b) => qualityOf(b) - qualityOf(a))[0] as Coding;
  return qualityOf(best) > 0 && qualityOf(best) >= identity ? best : undefined;
}

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

/** Compresses a whole content. Uses a low level, because each content is sent only once. */
export function compress(coding: Coding, content: string | Uint8Array): Promise<Buffer> {
  return coding === "br"
    ? brotliAsync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
    : gzipAsync(content, { level: 4 });
}
