import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** A content coding that answers may have. */
export type Coding = "gzip" | "br";

/** Codings in the order in which equal wishes are granted. */
const offered: readonly Coding[] = ["br", "gzip"];

/**
 * Returns the coding to use by an Accept-Encoding header (RFC 9110 12.5.3), undefined for none. `identity` is
 * always possible here: refusing to answer a caller who rules it out would help nobody.
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
  const wish = (coding: string) => quality.get(coding) ?? quality.get("*") ?? 0;
  const identity = quality.get("identity") ?? 0;
  const best = [...offered].sort((a, b) => wish(b) - wish(a))[0] as Coding;
  return wish(best) > 0 && wish(best) >= identity ? best : undefined;
}

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

/** Compresses a whole content. Lightly: it is compressed once and read once. */
export function compress(coding: Coding, content: string | Uint8Array): Promise<Buffer> {
  return coding === "br"
    ? brotliAsync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
    : gzipAsync(content, { level: 4 });
}
