/** Runtime of generated code. Internal: it may change with the generator. */
export { BinaryInput } from "./binary-input.ts";
export { BinaryOutput } from "./binary-output.ts";
export { createCodec, type GeneratedFunctions, type MessageCodec } from "./codec.ts";
export { enumNames } from "./enum-names.ts";
export { fallBack } from "./fall-back.ts";
export { readFieldMask, writeFieldMask } from "./field-mask.ts";
export {
  JsonInput,
  readBool,
  readBytes,
  readDouble,
  readFloat,
  readInt32,
  readInt64,
  readString,
  readUint32,
  readUint64,
} from "./json-input.ts";
export {
  writeBool,
  writeBytes,
  writeInteger,
  writeLong,
  writeNull,
  writeNumber,
  writeString,
} from "./json-output.ts";
export { boolKey, entriesOf, integerKey, listIn, listOf, longKey, setEntry } from "./map-entries.ts";
export * from "./struct.ts";
export * from "./well-known.ts";
