import { contentTypeOf } from "./draft.ts";
import { headerOf } from "./rejection.ts";
import type { Case } from "./requests.ts";
import type { Sent } from "./send.ts";

/** A request that connect-node does not read, or reads wrongly, and how it must be sent instead to be compared. */
export type KnownAddition = {
  readonly reason: string;
  readonly equivalentOf: (each: Case) => Sent | undefined;
};

/** Each must change the answer of connect-node to some request. */
export const knownAdditions: readonly KnownAddition[] = [
  {
    reason: "parameters of JSON content types may be spelled in any way, and have quotes",
    equivalentOf({ base, odd, sent }) {
      const type = headerOf(sent, "content-type") ?? "";
      const plain = contentTypeOf(base.protocol, "json");
      const ignored = ["; x=y", ";", "; charset=utf-8; x=y", "; proto=x"];
      const isUtf8 = odd.has("charset of UTF-8") || ignored.includes(/;.*$/.exec(type)?.[0] ?? "");
      return isUtf8 && base.codec === "json" ? withHeader(sent, type, plain) : undefined;
    },
  },
  {
    reason: "a request of gRPC-Web may end with a frame of trailers",
    equivalentOf: ({ base, odd, sent }) =>
      base.protocol === "gRPC-Web" && odd.has("flag of a frame of trailers")
        ? { ...sent, body: withoutTrailers(sent.body ?? Buffer.alloc(0)) }
        : undefined,
  },
  {
    reason: "the message of a GET may be bytes, percent-encoded",
    equivalentOf: ({ base, sent }) =>
      base.protocol === "Connect GET" && !base.base64 && !/base64=1|message=.*message=/.test(sent.target)
        ? { ...sent, target: inBase64(sent.target) }
        : undefined,
  },
];

function withHeader(sent: Sent, value: string, replacement: string): Sent {
  return {
    ...sent,
    headers: sent.headers.map(([name, each]) => [name, each === value ? replacement : each]),
  };
}

function inBase64(target: string): string {
  return target.replace(/([?&]message=)([^&]*)/, (_, name: string, value: string) => {
    const text = value.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return `${name}${Buffer.from(text, "latin1").toString("base64url")}&base64=1`;
  });
}

/** Returns a body without the frame of trailers at its end. */
function withoutTrailers(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body);
  let last = 0;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    last = at;
  }
  return ((bytes[last] ?? 0) & 0x80) === 0 ? bytes : bytes.subarray(0, last);
}
