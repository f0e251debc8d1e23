/** Thrown by generated code for input that it leaves to protobuf-es. No Error, because a stack would cost more than decoding. */
export const refusal: unique symbol = Symbol("left to protobuf-es");

/** Leaves the message to protobuf-es. */
export function refuse(): never {
  throw refusal;
}

/** Returns what a function returns, or undefined if it leaves the message to protobuf-es. */
export function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error === refusal) {
      return undefined;
    }
    throw error;
  }
}
