import type { DescMethod, JsonReadOptions, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Codecs } from "../../codec/index.ts";
import type { HttpBinding } from "../http/rules.ts";
import {
  compileRequestExpander,
  type ExpandedRequest,
  methodOf,
  type RequestExpander,
} from "./expand-request.ts";
import { compileMessageParser, type MessageParser } from "./message-parser.ts";

export type CallPlan = {
  /** HTTP method of the first binding, for interceptors. A message may use another binding. */
  readonly httpMethod: string;
  /**
   * Writes the request with the first binding that fits the message. If none fits, raises INVALID_ARGUMENT with the
   * problem of the last one.
   */
  expand(message: Message): { readonly request: ExpandedRequest; readonly parser: MessageParser };
};

/** HTTP methods that fetch does not send (Fetch Standard 2.2.1). */
const unsendable: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Compiles the plan of a method. Raises UNIMPLEMENTED if fetch cannot call it. Throws if a rule does not fit it. */
export function compileCallPlan(
  method: DescMethod,
  bindings: readonly HttpBinding[],
  options: Partial<JsonReadOptions> & { readonly codecs?: Codecs | undefined },
): CallPlan {
  const [first] = bindings;
  if (first === undefined) {
    throw new ConnectError(`${method} has no google.api.http rule`, Code.Unimplemented);
  }
  const compiled = bindings.map((binding): { expand: RequestExpander; parser: MessageParser } => {
    const httpMethod = methodOf(binding);
    if (unsendable.has(httpMethod.toUpperCase())) {
      throw new ConnectError(`${method}: fetch cannot send ${httpMethod} requests`, Code.Unimplemented);
    }
    return {
      expand: compileRequestExpander(binding, options),
      parser: compileMessageParser(binding, options),
    };
  });

  return {
    httpMethod: methodOf(first),
    expand(message) {
      let problem = "";
      for (const { expand, parser } of compiled) {
        const request = expand(message);
        if (!("problem" in request)) {
          return { request, parser };
        }
        problem = request.problem;
      }
      throw new ConnectError(problem, Code.InvalidArgument);
    },
  };
}
