import type { Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { sendableDetail } from "../../transcoding/index.ts";

/**
 * Returns an error that can be sent: without details that cannot be written, and with a message that is well-formed. Anything
 * else would break the answer.
 */
export function sendableError(error: ConnectError, registry: Registry): ConnectError {
  const { rawMessage, code, metadata, cause, isWireError } = error;
  const prepared = new ConnectError(rawMessage.toWellFormed(), code, metadata, undefined, cause);
  prepared.isWireError = isWireError;
  prepared.details = error.details.flatMap((detail) => sendableDetail(detail, registry) ?? []);
  return prepared;
}
