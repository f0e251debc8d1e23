/** Thrown by generated code. No Error, because creating its stack would cost more than decoding. */
const marker: unique symbol = Symbol("falls back to protobuf-es");

/** Leaves the message to protobuf-es: the caller of the generated code catches what this throws. */
export function fallBack(): never {
  throw marker;
}
