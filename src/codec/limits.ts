/** Deepest nesting of messages, as in protobuf-es. */
export const maxDepth = 100;

/** Maximum number of values in all Structs of a message that codecs handle. Larger messages are left to protobuf-es. */
export const maxStructValues = 100;

/** Deepest nesting of JSON in a struct. */
export const maxStructDepth = 20;
