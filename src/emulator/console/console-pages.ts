import type { ServerResponse } from "node:http";
import type { HttpHandler, HttpRequest } from "../../server/http-handler.ts";
import { type ResponseFrame, respondContent } from "../../transcoding/index.ts";
import { callerOf, refusalOf } from "../control/caller.ts";
import { type ConsoleFile, consoleDirectory, consoleFiles } from "./console-files.ts";

/** The page loads nothing from elsewhere, runs no inline script or style, and no other page can hold or frame it. */
const securityHeaders = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const notBuilt =
  "The console was not built. Run npm run prepare in the clone, and start the emulator again.\n";

/**
 * Returns the handlers of the console's files by path. Whoever may not control the emulator does not get them either; see
 * `createControlGate`.
 */
export function createConsolePages(
  isExposed: boolean,
  directory = consoleDirectory,
): ReadonlyMap<string, HttpHandler> {
  const files = consoleFiles(directory);
  const pages = new Map(files.map((file) => [file.path, createConsolePage(file, isExposed)] as const));
  if (!pages.has("/")) {
    pages.set("/", (_, response) => answerText(response as ServerResponse, 404, notBuilt));
  }
  return pages;
}

function createConsolePage(file: ConsoleFile, isExposed: boolean): HttpHandler {
  return async function answerConsoleFile(request, httpResponse) {
    const response = httpResponse as ServerResponse;
    const refusal = refusalOf(pageCallerOf(request), isExposed);
    if (refusal !== undefined) {
      answerText(response, 403, `The console was not sent: ${refusal}.\n`);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      answerText(response, 405, "Use GET or HEAD.\n", { allow: "GET, HEAD" });
      return;
    }
    let content: Buffer;
    try {
      content = await file.read();
    } catch {
      answerText(response, 404, "The console was built again. Start the emulator again.\n");
      return;
    }
    const frame: ResponseFrame = {
      response,
      headers: securityHeaders,
      vary: "accept-encoding",
      acceptEncoding: request.headers["accept-encoding"] as string | undefined,
      compressMinBytes: 1_000,
    };
    const cacheControl = file.isImmutable ? "private, max-age=31536000, immutable" : "no-cache";
    await respondContent(
      frame,
      { contentType: file.contentType, content },
      new Headers({ "cache-control": cacheControl }),
    );
  };
}

/** A link of another site may lead to the page, because that site neither reads nor holds what it opens. */
function pageCallerOf(request: HttpRequest) {
  const caller = callerOf(request);
  const isOpenedByUser = request.headers["sec-fetch-dest"] === "document";
  return isOpenedByUser ? { ...caller, sites: [] } : caller;
}

function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { ...securityHeaders, "content-type": "text/plain; charset=utf-8", ...headers })
    .end(text);
}
