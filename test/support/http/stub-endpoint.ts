import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { resourceName } from "../../../src/contract/resource-names.ts";

/** A request that the endpoint received. */
export type Received = {
  readonly path: string;
  /** The last segment but one of the path, decoded. */
  readonly userKey: string;
  readonly token: string;
  readonly body: string;
};

export type StubEndpoint = {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Returns the maximum number of concurrent requests of one user. */
  readonly mostConcurrent: () => number;
  /** Resolves when this many requests have arrived. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
};

export type Answer = (request: Received, response: ServerResponse, message: IncomingMessage) => unknown;

/** Answers that the status was stored. */
export function accept({ path }: Pick<Received, "path">, response: ServerResponse): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify({ name: storedName(path) }));
}

/** The name of the status that a request with this path stores. */
export function storedName(path: string): string {
  const { pathname, searchParams } = new URL(path, "http://localhost");
  const [, asn, inPath = ""] =
    /operators\/(\d+)(?:\/clients\/[^/]+\/users\/([^/]+)\/planStatus)?/.exec(pathname) ?? [];
  const userKey = searchParams.get("userKey") ?? decodeURIComponent(inPath);
  return resourceName(Number(asn), "planStatuses", userKey);
}

/** Answers with an error in Google's JSON form. */
export function fail(response: ServerResponse, code: number, status: string, details: object[] = []): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ error: { code, status, message: `answered ${status}`, details } }));
}

/** Starts an endpoint that answers with `answer` until the test ends. */
export async function startStubEndpoint(answer: Answer = accept, port = 0): Promise<StubEndpoint> {
  const received: Received[] = [];
  const inFlight = new Map<string, number>();
  const watchers = new Set<() => void>();
  let most = 0;
  const server = createServer(async (message, response) => {
    let body = "";
    for await (const chunk of message.setEncoding("utf8")) {
      body += chunk;
    }
    const path = message.url ?? "";
    const userKey = decodeURIComponent(path.split("/").at(-2) ?? "");
    const token = (message.headers.authorization ?? "").replace("Bearer ", "");
    const request = { path, userKey, token, body };
    inFlight.set(userKey, (inFlight.get(userKey) ?? 0) + 1);
    most = Math.max(most, inFlight.get(userKey) ?? 0);
    response.on("close", () => inFlight.set(userKey, (inFlight.get(userKey) ?? 1) - 1));
    received.push(request);
    for (const watch of watchers) {
      watch();
    }
    await answer(request, response, message);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}`,
    port: own,
    received,
    mostConcurrent: () => most,
    reached: (count) =>
      new Promise((resolve) => {
        const watch = () => {
          if (received.length >= count) {
            watchers.delete(watch);
            resolve();
          }
        };
        watchers.add(watch);
        watch();
      }),
    close,
  };
}
