/** The Buffer of Node, whose conversions of text are faster than those of the web; undefined in browsers. */
export const NodeBuffer = (globalThis as { Buffer?: typeof Buffer }).Buffer;
