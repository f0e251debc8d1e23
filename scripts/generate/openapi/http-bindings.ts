import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "#deps/google/api/annotations_pb.js";
import type { HttpRule } from "#deps/google/api/http_pb.js";

/** One way to call an RPC over HTTP. */
export type HttpBinding = {
  readonly rpc: DescMethod;
  readonly rule: HttpRule;
  /** Lower case, as OpenAPI writes it. */
  readonly httpMethod: string;
  readonly template: string;
  /** Unique in the document: the name of the RPC, with a number for its additional bindings. */
  readonly operationId: string;
};

const describable = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** Returns the bindings of an RPC by its google.api.http: the main one, then the additional ones. */
export function httpBindingsOf(rpc: DescMethod): HttpBinding[] {
  if (!hasOption(rpc, http)) {
    return [];
  }
  const main = getOption(rpc, http);
  return [main, ...main.additionalBindings].map((rule, index) => {
    const { pattern } = rule;
    if (pattern.case === undefined) {
      throw new Error(`${rpc}: google.api.http has no pattern`);
    }
    const [kind, template] =
      pattern.case === "custom" ? [pattern.value.kind, pattern.value.path] : [pattern.case, pattern.value];
    const httpMethod = kind.toLowerCase();
    if (!describable.includes(httpMethod)) {
      throw new Error(`${rpc}: OpenAPI cannot describe the HTTP method ${kind}`);
    }
    const number = index === 0 ? "" : `_${index + 1}`;
    return { rpc, rule, httpMethod, template, operationId: `${rpc.parent.name}_${rpc.name}${number}` };
  });
}
