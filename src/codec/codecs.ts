import type { DescMessage } from "@bufbuild/protobuf";
import type { MessageCodec } from "./codec.ts";

/** The codecs of some messages. */
export type Codecs = {
  /** Returns the codec of a message, or undefined if there is none. */
  get<Desc extends DescMessage>(desc: Desc): MessageCodec<Desc> | undefined;
};

/**
 * Collects codecs, such as those that the modules of generated code export as a list.
 *
 * @example
 * const codecs = createCodecs(codecs_acme_quota_v1_quota);
 * codecs.get(QuotaSchema)?.encode(quota);
 */
export function createCodecs(...lists: readonly (readonly Pick<MessageCodec, "desc">[])[]): Codecs {
  const codecs = new Map<DescMessage, unknown>(lists.flat().map((codec) => [codec.desc, codec]));
  return {
    get: <Desc extends DescMessage>(desc: Desc) => codecs.get(desc) as MessageCodec<Desc> | undefined,
  };
}
