import { hash, timingSafeEqual } from "node:crypto";
import type { RequestHead } from "./request-head.ts";

/** An access token as a caller sent it. */
export type SentToken = {
  readonly text: string;
  /** Identifies the token without revealing it. */
  readonly digest: string;
};

/** Returns a token with its digest. */
export function sentToken(text: string): SentToken {
  return { text, digest: hash("sha256", text, "base64") };
}

/**
 * The tokens that each connection has sent, by the text of the Authorization header: to read and to digest a token takes
 * longer than everything else that a call with a known one needs.
 */
export type ConnectionTokens = {
  /** Returns the token of a request if its connection has sent the same header before. */
  get(head: RequestHead): SentToken | undefined;
  /** Adds a verified token. Others are not added, because they could fill the memory. */
  add(head: RequestHead, token: SentToken): void;
};

/** Tokens of a connection. A client has one, and another one once it expires; a proxy may send those of many clients. */
const maxTokens = 4;

/** Longest header that is kept, in characters. */
const maxLength = 8_192;

type Sent = { readonly header: Buffer; readonly token: SentToken };

/** Creates an empty set. The tokens of a connection are dropped with it. */
export function createConnectionTokens(): ConnectionTokens {
  const connections = new WeakMap<object, Sent[]>();
  const scratch = Buffer.allocUnsafe(maxLength);

  /** Compares in constant time, because callers behind a proxy share its connection. */
  function isEqual(header: Buffer, text: string): boolean {
    // Text that is not ASCII has more bytes than characters.
    if (header.length !== text.length || header.length !== scratch.write(text)) {
      return false;
    }
    const given = scratch.subarray(0, header.length);
    const isSame = timingSafeEqual(header, given);
    // It would outlive the connection.
    given.fill(0);
    return isSame;
  }

  return {
    get({ connection, authorization }) {
      if (connection === undefined || authorization === undefined) {
        return undefined;
      }
      for (const { header, token } of connections.get(connection) ?? []) {
        if (isEqual(header, authorization)) {
          return token;
        }
      }
      return undefined;
    },
    add({ connection, authorization = "" }, token) {
      if (connection === undefined || authorization.length > maxLength) {
        return;
      }
      // Calls that arrive together verify the same token.
      const others = connections.get(connection)?.filter((each) => each.token.digest !== token.digest) ?? [];
      const header = Buffer.from(authorization);
      connections.set(connection, [{ header, token }, ...others.slice(0, maxTokens - 1)]);
    },
  };
}
