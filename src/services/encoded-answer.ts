import type { Message } from "@bufbuild/protobuf";
import { createContextKey, type HandlerContext } from "@connectrpc/connect";

/** A message that a method returns, and its binary form. */
type EncodedAnswer = { readonly message: Message; readonly bytes: Uint8Array };

const encodedAnswerKey = createContextKey<EncodedAnswer | undefined>(undefined, {
  description: "binary form of the answer",
});

/**
 * Stores the binary form of the message that a method returns, so that protocols do not encode it again. The message must not
 * change afterwards.
 */
export function setEncodedAnswer(context: HandlerContext, message: Message, bytes: Uint8Array): void {
  context.values.set(encodedAnswerKey, { message, bytes });
}

/** Returns the stored binary form of an answer; undefined if none is stored, or if the answer was replaced. */
export function encodedAnswer({ values }: HandlerContext, answer: Message): Uint8Array | undefined {
  const encoded = values.get(encodedAnswerKey);
  return encoded?.message === answer ? encoded.bytes : undefined;
}
