/** Bytes with what Node adds to them. */
export type NodeBytes = Uint8Array<ArrayBuffer> & {
  toString(encoding: "utf8", start: number, end: number): string;
  write(text: string, start: number): number;
};

type BufferOfNode = {
  from(memory: ArrayBufferLike, start: number, length: number): NodeBytes;
  isBuffer(value: unknown): boolean;
  allocUnsafeSlow(size: number): NodeBytes;
};

// Without the types of Node, which programs for browsers do not have.
const { Buffer: found } = globalThis as { Buffer?: Partial<BufferOfNode> };

/**
 * The Buffer of Node, whose conversions of text are faster than those of the web; undefined in browsers, also in pages that
 * have a Buffer of their own.
 */
export const NodeBuffer = typeof found?.allocUnsafeSlow === "function" ? (found as BufferOfNode) : undefined;
