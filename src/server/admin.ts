import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { urlOf } from "./connections/listener.ts";
import type { Readiness } from "./readiness.ts";

/** Address of the admin port. */
export type AdminAddress = {
  host: string;
  /** 0 picks a free port. */
  port: number;
};

type AdminOptions = AdminAddress & {
  ready: Readiness;
  /** Returns the metrics in Prometheus' text format. */
  metrics: () => Promise<string>;
};

/** An open admin port. */
export type Admin = {
  readonly url: string;
  close(): Promise<void>;
};

/** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

type Page = { status: number; contentType?: string; text: string; allow?: string };

/**
 * Opens the port of `/livez`, `/readyz` and `/metrics`. It has no authentication and no TLS: use an address that only
 * the platform reaches. Its requests do not count against the limits on calls. Rejects with the error of the system.
 */
export async function listenAdmin({ host, port, ready, metrics }: AdminOptions): Promise<Admin> {
  const pages: Readonly<Record<string, () => Promise<Page>>> = {
    "/livez": async () => ({ status: 200, text: "ok\n" }),
    async "/readyz"() {
      const reason = await ready();
      return reason === undefined ? { status: 200, text: "ok\n" } : { status: 503, text: `${reason}\n` };
    },
    "/metrics": async () => ({ status: 200, contentType: metricsType, text: await metrics() }),
  };

  async function pageOf(method: string | undefined, target: string | undefined): Promise<Page> {
    const page = pages[target?.split("?", 1)[0] ?? ""];
    if (page === undefined) {
      return { status: 404, text: `not found; available: ${Object.keys(pages).join(", ")}\n` };
    }
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, text: "use GET or HEAD\n", allow: "GET, HEAD" };
    }
    return page();
  }

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    // No request needs a body: discard it.
    request.resume();
    pageOf(request.method, request.url).then(
      (page) => answer(response, page, request.method === "HEAD"),
      (error: unknown) => answer(response, { status: 500, text: `${(error as Error).message}\n` }, false),
    );
  });
  server.maxConnections = 128;
  server.listen(port, host);
  await once(server, "listening");
  return {
    url: urlOf(server, host),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  response: ServerResponse,
  { status, contentType, text, allow }: Page,
  headOnly: boolean,
): void {
  response.writeHead(status, {
    "content-type": contentType ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(allow !== undefined && { allow }),
  });
  response.end(headOnly ? "" : text);
}
