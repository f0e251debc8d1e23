import { onBodyChunk } from "../../server/connections/messages.ts";
import type { HttpRequest } from "../../server/http-handler.ts";

/** Most bytes of a body that are kept. */
export const maxKeptBody = 64 * 1024;

/** The beginning of a body, as it was sent. */
export type BodyCopy = {
  /** Length of `copyTo`. */
  readonly length: number;
  copyTo(target: Uint8Array): void;
};

/** Copies the body of a request while it arrives, at most `maxKeptBody` bytes. */
export function copyBody(request: HttpRequest): BodyCopy {
  const chunks: Uint8Array[] = [];
  let length = 0;
  onBodyChunk(request, (chunk) => {
    const room = maxKeptBody - length;
    if (room > 0) {
      // A copy: the chunk is part of a larger buffer of its connection.
      const kept = Buffer.from(chunk.subarray(0, room));
      chunks.push(kept);
      length += kept.length;
    }
  });
  return {
    get length() {
      return length;
    },
    copyTo(target) {
      let at = 0;
      for (const chunk of chunks) {
        target.set(chunk, at);
        at += chunk.length;
      }
    },
  };
}
