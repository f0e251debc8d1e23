import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { writeErrorBody } from "../http/error-body.ts";
import type { RequestTarget } from "../http/request-target.ts";
import type { RouteMatch } from "../http/route-tree.ts";
import { httpStatusOf } from "../http/status.ts";
import type { CallContext } from "./call/context.ts";
import type { CallErrors } from "./call/errors.ts";
import type { CallServer } from "./call/serve-call.ts";
import type { Wire } from "./call/wire.ts";
import { httpBindingKey, openStreamKey, pathFieldsKey } from "./context.ts";
import { acceptsJson, chooseStreamFormat } from "./media-types.ts";
import { jsonType } from "./message-writer.ts";
import { isGone, type NodeRequest } from "./node-http.ts";
import type { InputReader } from "./read-input.ts";
import { headerFields, type ResponseFrame, respondContent, respondError } from "./response.ts";
import { createResponseStream, type StreamFormat } from "./response-stream.ts";
import type { RestRoute } from "./routes.ts";
import { noParameters } from "./system-parameters.ts";

/** What the wires of all calls share. */
export type RestOptions = Pick<CallServer, "beforeDeadline" | "publicError"> & {
  readonly readInput: InputReader;
  readonly errors: CallErrors;
  /** `ErrorInfo.domain` of errors. */
  readonly domain: string;
};

/** A request whose route is known. */
export type RestRequest = {
  readonly match: RouteMatch<RestRoute>;
  readonly target: RequestTarget;
  readonly request: NodeRequest;
  readonly frame: ResponseFrame;
};

/** Returns the wire of a REST call, whose answer is one message or a stream. */
export function createRestWire(
  options: RestOptions,
  { match, target, request, frame }: RestRequest,
): Wire<Message | AsyncIterable<Message>> {
  const { route, captures } = match;
  const { errors, domain } = options;
  let parameters = noParameters;
  let format: StreamFormat = "raw";

  /** Chooses the format of the answer. Throws if the caller accepts none. */
  function requireFormat(): StreamFormat {
    const { accept } = request.headers;
    if (route.write.isRaw) {
      return "raw";
    }
    if (route.invoke.kind === "unary") {
      if (!acceptsJson(accept)) {
        throw errors.notAcceptable("application/json");
      }
      return "json-array";
    }
    const chosen = chooseStreamFormat(accept);
    if (chosen === undefined) {
      throw errors.notAcceptable("application/json or application/x-ndjson");
    }
    return chosen;
  }

  async function answerStream(messages: AsyncIterable<Message>, context: CallContext): Promise<void> {
    const out = createResponseStream(frame.response, format, (contentType) =>
      headerFields(frame, contentType, context.touchedResponseHeader),
    );
    context.values.set(openStreamKey, out.open);
    const iterator = messages[Symbol.asyncIterator]();
    const isHead = request.method === "HEAD";

    /** Sends the next message. Returns whether to continue; after the first message, HEAD has all it asked for. */
    async function sendNext(): Promise<boolean> {
      const next = await iterator.next();
      if (next.done || isGone(frame.response)) {
        return false;
      }
      await out.write(route.write.write(next.value, parameters));
      return !isHead;
    }

    try {
      while (await options.beforeDeadline(sendNext(), context)) {}
      out.end();
    } catch (cause) {
      if (!out.started) {
        throw cause;
      }
      const { error, response } = options.publicError(cause, {
        method: route.method,
        request,
        wire,
        context,
      });
      const httpStatus = httpStatusOf[error.code];
      out.fail(writeErrorBody(error, { registry: frame.registry, domain, ...response, httpStatus }));
    } finally {
      void iterator.return?.().catch(() => undefined);
    }
  }

  const wire: Wire<Message | AsyncIterable<Message>> = {
    protocolName: "rest",
    contentType: jsonType,
    bodyPath: route.bodyPath,
    addValues(values) {
      values
        .set(pathFieldsKey, (name) => route.binder.pathField(captures, name))
        .set(httpBindingKey, route.binding);
    },
    check() {
      if (route.invoke.kind === "none") {
        throw new ConnectError(route.invoke.problem, Code.Unimplemented);
      }
      format = requireFormat();
    },
    async read() {
      const input = await options.readInput(match, target, request);
      parameters = input.parameters;
      return input.message;
    },
    answer(output, context) {
      if (route.invoke.kind === "stream") {
        return answerStream(output as AsyncIterable<Message>, context);
      }
      const content = route.write.write(output as Message, parameters);
      return respondContent(frame, content, context.touchedResponseHeader);
    },
    fail: (error, init) => respondError(frame, error, { domain, ...init }),
  };
  return wire;
}
