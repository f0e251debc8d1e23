export type { MessageCodec, ReadMessage } from "./codec.ts";
export { type Codecs, createCodecs } from "./codecs.ts";
