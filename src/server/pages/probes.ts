import type { ServerResponse } from "node:http";
import type { HttpHandler } from "../http-handler.ts";
import type { Readiness } from "../readiness.ts";

/** The paths that load balancers check on the port for clients, which often cannot call the gRPC health service. */
const paths: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/** Whether a raw path, without its query, is that of a probe. */
export function isProbePath(path: string): boolean {
  return paths.has(path);
}

/** A short page for machines. */
export type Page = { status: number; contentType?: string; text: string; allow?: string };

/** Pages by path. */
export type Pages = ReadonlyMap<string, () => Promise<Page>>;

/**
 * Returns the pages `/livez` and `/readyz` for platforms and load balancers. `withReason` adds why the server is not
 * ready, which is not for everybody.
 */
export function createProbes(ready: Readiness, withReason: boolean): Pages {
  const ok: Page = { status: 200, text: "ok\n" };
  return new Map([
    ["/livez", async () => ok],
    [
      "/readyz",
      async () => {
        const reason = await ready();
        return reason === undefined ? ok : { status: 503, text: withReason ? `${reason}\n` : "not ready\n" };
      },
    ],
  ]);
}

/** Creates the handler of pages, which are read by GET and HEAD. Requests of other paths get 404. */
export function createPageHandler(pages: Pages): HttpHandler {
  async function pageOf(method: string | undefined, target: string | undefined): Promise<Page> {
    const page = pages.get(target?.split("?", 1)[0] ?? "");
    if (page === undefined) {
      return { status: 404, text: `not found; available: ${[...pages.keys()].join(", ")}\n` };
    }
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, text: "use GET or HEAD\n", allow: "GET, HEAD" };
    }
    return page();
  }

  return async function answerPage(request, response) {
    const page = await pageOf(request.method, request.url).catch((error: Error) => ({
      status: 500,
      text: `${error.message}\n`,
    }));
    answer(response as ServerResponse, page, request.method === "HEAD");
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
