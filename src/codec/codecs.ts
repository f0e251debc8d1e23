import { type DescMessage, fromBinary, type MessageShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { MessageCodec } from "./codec.ts";

/** The codecs of some messages. Other messages are encoded and decoded by protobuf-es. */
export type Codecs = {
  /** Returns the codec of a message, or undefined if there is none. */
  get<Desc extends DescMessage>(desc: Desc): MessageCodec<Desc> | undefined;
  /** Decodes a message, like `fromBinary`. */
  decode<Desc extends DescMessage>(desc: Desc, bytes: Uint8Array): MessageShape<Desc>;
  /** Encodes a message, like `toBinary`. */
  encode<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): Uint8Array;
  /** Returns the JSON text of a message, like `toJsonString`. */
  writeJson<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): string;
};

/**
 * Collects codecs, such as those that the modules of generated code export as a list.
 *
 * @example
 * const codecs = createCodecs(codecs_acme_quota_v1_quota);
 * codecs.encode(QuotaSchema, quota);
 */
export function createCodecs(...lists: readonly (readonly Pick<MessageCodec, "desc">[])[]): Codecs {
  const codecs = new Map<DescMessage, unknown>(lists.flat().map((codec) => [codec.desc, codec]));
  const get = <Desc extends DescMessage>(desc: Desc) => codecs.get(desc) as MessageCodec<Desc> | undefined;
  return {
    get,
    decode: (desc, bytes) => get(desc)?.decode(bytes) ?? fromBinary(desc, bytes),
    encode: (desc, message) => get(desc)?.encode(message) ?? toBinary(desc, message),
    writeJson: (desc, message) => get(desc)?.writeJson(message) ?? toJsonString(desc, message),
  };
}
