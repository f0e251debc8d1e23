import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { parseQualities } from "./media-types.ts";

export type Coding = "gzip" | "br";

/** Codings in order of preference if the caller rates them equally. */
const offered: readonly Coding[] = ["br", "gzip"];

/**
 * Returns the coding to use for an Accept-Encoding header (RFC 9110 12.5.3); undefined for none, even if the header
 * excludes `identity`, since an error would not help the caller.
 */
export function chooseCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined || acceptEncoding === "") {
    return undefined;
  }
  const qualities = parseQualities(acceptEncoding);
  const listed = (coding: string) => {
    const quality = qualities.get(coding);
    return quality === undefined || (quality >= 0 && quality <= 1) ? quality : 0;
  };
  const qualityOf = (coding: string) => listed(coding) ?? listed("*") ?? 0;
  const best = [...offered].sort((a, b) => qualityOf(b) - qualityOf(a))[0] as Coding;
  return qualityOf(best) > 0 && qualityOf(best) >= (listed("identity") ?? 0) ? best : undefined;
}

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

/** Compresses a whole content. Uses a low level, because each content is sent only once. */
export function compress(coding: Coding, content: string | Uint8Array): Promise<Buffer> {
  return coding === "br"
    ? brotliAsync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
    : gzipAsync(content, { level: 4 });
}

/** A content that is sent again and again. */
export type StaticContent = {
  /** Returns the content in a coding; undefined for as it is. Always the same bytes: they are not compressed again. */
  in(coding: Coding | undefined): Promise<Uint8Array>;
};

/** Creates a static content. */
export function createStaticContent(text: string): StaticContent {
  const coded = new Map<Coding | undefined, Promise<Uint8Array>>([
    [undefined, Promise.resolve(Buffer.from(text))],
  ]);
  return {
    in(coding) {
      let content = coded.get(coding);
      if (content === undefined) {
        content =
          coding === "br" ? brotliAsync(text) : gzipAsync(text, { level: constants.Z_BEST_COMPRESSION });
        coded.set(coding, content);
      }
      return content;
    },
  };
}
