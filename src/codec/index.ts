export { createCodec, type GeneratedFunctions, type MessageCodec, type ReadMessage } from "./codec.ts";
export { type Codecs, createCodecs } from "./codecs.ts";
