import { hash } from "node:crypto";
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
  /** Adds a token that was verified: others could fill the memory. */
  add(head: RequestHead, token: SentToken): void;
};

/** Tokens of a connection. A client has one, and another one once it expires; a proxy may have those of many. */
const maxTokens = 4;

/** Creates an empty set. The tokens of a connection are dropped with it. */
export function createConnectionTokens(): ConnectionTokens {
  const connections = new WeakMap<object, Map<string, SentToken>>();
  return {
    // By a map also for a single token: comparing texts would tell by its time how much of them is equal.
    get: ({ connection, authorization }) =>
      connection && authorization !== undefined ? connections.get(connection)?.get(authorization) : undefined,
    add({ connection, authorization }, token) {
      if (connection === undefined || authorization === undefined) {
        return;
      }
      const tokens = connections.get(connection) ?? new Map<string, SentToken>();
      connections.set(connection, tokens);
      if (tokens.size >= maxTokens) {
        // A Map iterates in insertion order: the first key is the oldest.
        tokens.delete(tokens.keys().next().value as string);
      }
      tokens.set(authorization, token);
    },
  };
}
