import type { Code } from "@connectrpc/connect";
import { statusNameOf } from "../../transcoding/index.ts";
import type { CallProtocol, RequestRecord } from "./request-record.ts";

/** What became of a request that has ended. */
export type CallSummary = {
  readonly record: RequestRecord;
  /** `package.Service/Method`, or `_OTHER`. */
  readonly method: string;
  /** Canonical code; undefined if it went well. */
  readonly code: Code | undefined;
  /** Name of an ErrorReason, where the error names one. */
  readonly reason: string | undefined;
  readonly httpStatus: number;
  readonly durationMs: number;
  /** Bytes of the bodies, as they were on the wire. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly httpMethod: string;
};

/** Name of the method of a request that is none (semantic conventions for RPC). */
export const otherMethod = "_OTHER";

/** Returns `OK` or the name of the code. */
export function statusOf({ code }: Pick<CallSummary, "code">): string {
  return code === undefined ? "OK" : statusNameOf[code];
}

const systemNames: Readonly<Record<CallProtocol, string>> = {
  connect: "connectrpc",
  grpc: "grpc",
  "grpc-web": "grpc_web",
  rest: "rest",
};

/** Returns `rpc.system.name`: that of the conventions where they have one. */
export function systemNameOf(protocol: CallProtocol | undefined): string {
  return protocol === undefined ? "http" : systemNames[protocol];
}
