import { isLoopback } from "../contract/loopback.ts";
import type { ServerOptions } from "./server-options.ts";

/** Raised when a server would accept tokens in cleartext from other machines although cleartext is not allowed. */
export class CleartextError extends Error {
  override readonly name = "CleartextError";
}

/** Throws CleartextError unless the server uses TLS, listens on a loopback address or may use cleartext. */
export function rejectCleartext({
  host,
  tls,
  allowCleartext,
}: Pick<ServerOptions, "host" | "tls" | "allowCleartext">): void {
  if (tls === undefined && allowCleartext !== true && !isLoopback(host)) {
    throw new CleartextError(
      `without TLS, tokens sent to ${host} can be read on the network. Configure a certificate, or allow cleartext if ` +
        "a proxy in front terminates TLS",
    );
  }
}
