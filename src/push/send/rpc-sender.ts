import type { DescMethod, DescMethodUnary } from "@bufbuild/protobuf";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { normalizeError } from "../../client/normalize-error.ts";
import { createRpcTransport, type RpcProtocol } from "../../client/transport.ts";
import type { Answer, AnswerHeaders } from "./exchange.ts";
import { noAnswer, type Outcome, outcomeOfError } from "./outcome.ts";
import { pushMethods } from "./push-methods.ts";
import type { SendWithToken } from "./rest-sender.ts";
import { rpcWires } from "./rpc-wires.ts";

/**
 * Creates the sender for Connect, gRPC or gRPC-Web. It uses bare HTTP, at a fraction of the cost of this project's client,
 * which only reads answers that are not plain successes.
 */
export function createRpcSender(baseUrl: string, protocol: RpcProtocol, timeoutMs: number) {
  const { origin, pathname } = new URL(baseUrl);
  const wire = rpcWires[protocol];
  const exchange = wire.connect(origin, timeoutMs);
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
      return noAnswer(received.problem, received.isTimeout ? "DEADLINE_EXCEEDED" : undefined);
    }
    return readAnswer(protocol, pushMethods[request.method], received);
  };

  return { sendWithToken, close: exchange.close };
}

/** Reads an answer. One that is not a plain success is read as this project's client does. Never rejects. */
async function readAnswer(protocol: RpcProtocol, method: DescMethodUnary, answer: Answer): Promise<Outcome> {
  try {
    if (rpcWires[protocol].isPlainSuccess(answer)) {
      return { kind: "pushed" };
    }
    const { status, headers, trailers = {}, body } = answer;
    const response = {
      status,
      header: headersFrom(headers),
      body: createAsyncIterable([body]),
      trailer: headersFrom(trailers),
    };
    const transport = createRpcTransport(protocol, async () => response, { baseUrl: "", interceptors: [] });
    await transport.unary(method, undefined, undefined, undefined, {});
    return { kind: "pushed" };
  } catch (error) {
    return outcomeOfError(normalizeError(error));
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
