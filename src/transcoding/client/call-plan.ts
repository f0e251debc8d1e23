import type { DescMethod, JsonReadOptions, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HttpBinding } from "../http/rules.ts";
import { type AnswerReader, compileAnswerReader } from "./answer-reader.ts";
import {
  compileRequestExpander,
  type ExpandedRequest,
  methodOf,
  type RequestExpander,
} from "./expand-request.ts";

/** Everything that calls of one method need, compiled. */
export type CallPlan = {
  /** HTTP method of the first binding, for interceptors: which one is taken depends on the message. */
  readonly httpMethod: string;
  /**
   * Writes the request by the first binding that the message fits. Raises INVALID_ARGUMENT, with what kept it from
   * the last one, if there is none.
   */
  expand(message: Message): { readonly request: ExpandedRequest; readonly reader: AnswerReader };
};

/** Methods of HTTP that fetch does not send (Fetch Standard 2.2.1). */
const unsendable: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Compiles the plan of a method. Raises UNIMPLEMENTED if fetch cannot call it; throws on a rule that does not fit. */
export function compileCallPlan(
  method: DescMethod,
  bindings: readonly HttpBinding[],
  options: Partial<JsonReadOptions>,
): CallPlan {
  const [first] = bindings;
  if (first === undefined) {
    throw new ConnectError(`${method} has no google.api.http rule`, Code.Unimplemented);
  }
  const ways = bindings.map((binding): { expand: RequestExpander; reader: AnswerReader } => {
    const httpMethod = methodOf(binding);
    if (unsendable.has(httpMethod.toUpperCase())) {
      throw new ConnectError(`${method}: fetch sends no ${httpMethod}`, Code.Unimplemented);
    }
    if ((httpMethod === "GET" || httpMethod === "HEAD") && binding.body !== "") {
      throw new ConnectError(`${method}: fetch sends no body with ${httpMethod}`, Code.Unimplemented);
    }
    return {
      expand: compileRequestExpander(binding, { registry: options.registry }),
      reader: compileAnswerReader(binding, options),
    };
  });

  return {
    httpMethod: methodOf(first),
    expand(message) {
      let fault = "";
      for (const { expand, reader } of ways) {
        const request = expand(message);
        if (!("fault" in request)) {
          return { request, reader };
        }
        fault = request.fault;
      }
      throw new ConnectError(fault, Code.InvalidArgument);
    },
  };
}
