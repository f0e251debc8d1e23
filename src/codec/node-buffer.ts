/** Bytes with what Node adds to them. */
export type NodeBytes = Uint8Array<ArrayBuffer> & {
  toString(encoding: "utf8", start: number, end: number): string;
  write(text: string, start: number): number;
};

/**
 * The Buffer of Node, whose conversions of text are faster than those of the web; undefined in browsers. Without the types of
 * Node, which programs for browsers do not have.
 */
export const NodeBuffer = (
  globalThis as {
    Buffer?: {
      from(memory: ArrayBufferLike, start: number, length: number): NodeBytes;
      isBuffer(value: unknown): boolean;
      allocUnsafeSlow(size: number): NodeBytes;
    };
  }
).Buffer;
