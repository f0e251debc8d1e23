/** Thrown by generated code for input that it leaves to protobuf-es. No Error, because a stack would cost more than decoding. */
const refusal: unique symbol = Symbol("left to protobuf-es");

/** Leaves the message to protobuf-es. */
export function refuse(): never {
  throw refusal;
}
