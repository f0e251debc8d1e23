export { createCodec, type GeneratedFunctions, type MessageCodec, type ReadMessage } from "./codec.ts";
export { type Codecs, createCodecs } from "./codecs.ts";
export { maxStructValues } from "./limits.ts";
