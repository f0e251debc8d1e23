import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { DescMethod, DescMethodUnary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { normalizeError } from "../../client/normalize-error.ts";
import { createRpcTransport, type RpcProtocol } from "../../client/transport.ts";
import type { PushRequest } from "../input/push-request.ts";
import type { Answer, AnswerHeaders } from "./exchange.ts";
import { foreignAnswer, storedOutcome } from "./foreign-answer.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import { pushMethods } from "./push-methods.ts";
import type { SendWithToken } from "./rest-sender.ts";
import { rpcWires } from "./rpc-wires.ts";
import { nameInMessage, nameOf } from "./stored-resource.ts";

/**
 * Creates the sender for Connect, gRPC or gRPC-Web. It uses bare HTTP, at a fraction of the cost of this project's client,
 * which only reads answers that are not plain successes.
 */
export function createRpcSender(baseUrl: string, protocol: RpcProtocol, timeoutMs: number, ca?: string) {
  const { origin, pathname } = new URL(baseUrl);
  const wire = rpcWires[protocol];
  const exchange = wire.connect(origin, timeoutMs, ca);
  const prefix = pathname.replace(/\/+$/, "");
  const pathOf = ({ parent: service, name }: DescMethod) => `${prefix}/${service.typeName}/${name}`;
  const paths = {
    createUserPlanStatus: pathOf(pushMethods.createUserPlanStatus),
    createPlanStatus: pathOf(pushMethods.createPlanStatus),
    createPlanGroup: pathOf(pushMethods.createPlanGroup),
  };
  const common = Object.fromEntries(wire.headers(timeoutMs));
  let headersOf = { token: "", headers: common };

  const sendWithToken: SendWithToken = async (request, token) => {
    if (token !== headersOf.token) {
      headersOf = { token, headers: { ...common, authorization: `Bearer ${token}` } };
    }
    const received = await exchange.send({
      path: paths[request.method],
      body: wire.bodyOf(request.body as Uint8Array),
      headers: headersOf.headers,
    });
    if ("problem" in received) {
      return noAnswer(received);
    }
    return readAnswer(protocol, request, received);
  };

  return { sendWithToken, stopConnecting: exchange.stopConnecting, close: exchange.close };
}

/** Reads an answer. One that is not a plain success is read as this project's client does. Never rejects. */
async function readAnswer(protocol: RpcProtocol, request: PushRequest, answer: Answer): Promise<Outcome> {
  const message = rpcWires[protocol].plainMessage(answer);
  if (message !== undefined) {
    return storedOutcome(request, nameInMessage(request.method, message), answer);
  }
  const { status, headers, trailers = {}, body } = answer;
  try {
    const response = {
      status,
      header: headersFrom(headers),
      body: createAsyncIterable([body]),
      trailer: headersFrom(trailers),
    };
    const transport = createRpcTransport(protocol, async () => response, { baseUrl: "", interceptors: [] });
    const method: DescMethodUnary = pushMethods[request.method];
    const received = await transport.unary(method, undefined, undefined, undefined, {});
    return storedOutcome(request, nameOf(received.message), answer);
  } catch (reason) {
    const error = normalizeError(reason);
    return isErrorOfApi(protocol, error, answer) ? outcomeOfError(error) : foreignAnswer(answer);
  }
}

/**
 * Whether an error was sent as the protocol requires, with a code that exists. connect-es also raises errors while it reads
 * an answer that is not from this API, such as a page.
 */
function isErrorOfApi(protocol: RpcProtocol, error: ConnectError, answer: Answer): boolean {
  return (
    error.isWireError &&
    Code[error.code] !== undefined &&
    (protocol === "connect" ? hasConnectCode(answer) : !/^invalid grpc-status: /.test(error.rawMessage))
  );
}

/** Largest error of Connect that is read, in bytes. */
const maxErrorLength = 1024 * 1024;

/** Whether the body of an error has a code of Connect. Without one, connect-es takes that of the HTTP status. */
function hasConnectCode({ headers, body }: Answer): boolean {
  const limit = { maxOutputLength: maxErrorLength };
  try {
    const coding = headers["content-encoding"];
    const text =
      coding === "gzip"
        ? gunzipSync(body, limit)
        : coding === "br"
          ? brotliDecompressSync(body, limit)
          : body;
    const { code } = JSON.parse(text.toString()) as { code?: unknown };
    return typeof code === "string" && codeFromString(code) !== undefined;
  } catch {
    return false;
  }
}

function headersFrom(fields: AnswerHeaders): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(fields)) {
    for (const value of name.startsWith(":") ? [] : [values].flat()) {
      headers.append(name, value);
    }
  }
  return headers;
}
