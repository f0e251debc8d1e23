/** Deepest nesting of messages, as in protobuf-es. */
export const maxDepth = 100;
