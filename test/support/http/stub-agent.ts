import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request to an operator's server. */
export type AgentRequest = {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type StubAgent = {
  readonly url: string;
  readonly requests: readonly AgentRequest[];
};

/** What the server answers: a JSON value with status 200, or what the function does. */
export type AgentAnswer = (request: AgentRequest, response: ServerResponse, count: number) => void;

/** Answers with a value as JSON. */
export function answerJson(value: unknown, status = 200, headers: Record<string, string> = {}): AgentAnswer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
  };
}

/** Starts an operator's server, such as a Data Plan Agent, until the test ends. `tls` makes it an https server. */
export async function startStubAgent(
  answer: AgentAnswer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<StubAgent> {
  const requests: AgentRequest[] = [];
  const onRequest: Parameters<typeof createServer>[1] = async (message, response) => {
    let body = "";
    for await (const chunk of message.setEncoding("utf8")) {
      body += chunk;
    }
    const request = {
      method: message.method ?? "",
      target: message.url ?? "",
      headers: message.headers,
      body,
    };
    requests.push(request);
    answer(request, response, requests.length);
  };
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const scheme = tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
