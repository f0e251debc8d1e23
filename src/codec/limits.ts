/** Deepest nesting of messages, as in protobuf-es. */
export const maxDepth = 100;

/** Most values of a google.protobuf.Struct, at all depths, that codecs handle. Larger ones are left to protobuf-es. */
export const maxStructValues = 100;

/** Deepest nesting of JSON in a struct. */
export const maxStructDepth = 20;
