import type { DescMethod } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { statusNameOf } from "../../transcoding/index.ts";
import type { CallFacts, CallProtocol, Outcome } from "./call-facts.ts";

/** A request that has ended. */
export type CallSummary = {
  readonly call: CallFacts;
  readonly outcome: Outcome;
  /** `package.Service/Method`, or `_OTHER` for a request that matches no method (semantic conventions for RPC). */
  readonly method: string;
  readonly httpMethod: string;
  readonly httpStatus: number;
  readonly durationMs: number;
  /** Bytes of the bodies on the wire. */
  readonly requestBytes: number;
  readonly responseBytes: number;
};

const methodNames = new Map<DescMethod, string>();

/** Returns `CallSummary.method`. The text of each method is created once, so that to find it in a map costs little. */
export function methodNameOf(method: DescMethod | undefined): string {
  if (method === undefined) {
    return "_OTHER";
  }
  let name = methodNames.get(method);
  if (name === undefined) {
    name = `${method.parent.typeName}/${method.name}`;
    methodNames.set(method, name);
  }
  return name;
}

/** Returns `OK` or the name of the code. */
export function statusOf({ code }: { readonly code: Code | undefined }): string {
  return code === undefined ? "OK" : statusNameOf[code];
}

const systemNames: Readonly<Record<CallProtocol, string>> = {
  connect: "connectrpc",
  grpc: "grpc",
  "grpc-web": "grpc_web",
  rest: "rest",
};

/** Returns `rpc.system.name`, from the semantic conventions where they define one. */
export function systemNameOf(protocol: CallProtocol | undefined): string {
  return protocol === undefined ? "http" : systemNames[protocol];
}
