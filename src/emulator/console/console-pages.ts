import type { ServerResponse } from "node:http";
import type { HttpRequest } from "../../server/http-handler.ts";
import type { ServerHooks } from "../../server/server-extension.ts";
import { type ResponseFrame, respondContent } from "../../transcoding/index.ts";
import { type Caller, callerOf, refusalOf } from "../control/caller.ts";
import { consoleDirectory, findConsoleFile } from "./console-files.ts";

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
    // No text becomes markup or code, wherever it is from. The one policy is for the URL of the playground's worker.
    "require-trusted-types-for 'script'",
    "trusted-types check-worker",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};

const notBuilt = "The console was not built. Run npm run prepare in the clone, and load this page again.\n";

/**
 * Returns the pages of the console. Whoever may not control the emulator does not get them either; see
 * `createControlGate`.
 */
export function createConsolePages(
  isExposed: boolean,
  directory = consoleDirectory,
): NonNullable<ServerHooks["page"]> {
  return function consolePage(path) {
    const file = findConsoleFile(directory, path);
    if (file === undefined && path !== "/") {
      return undefined;
    }
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
      const content = await file?.read().catch(() => undefined);
      if (file === undefined || content === undefined) {
        answerText(response, 404, notBuilt);
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
  };
}

/**
 * Reads who asks for a file of the page. What is opened becomes a page of the emulator's own origin, so the rules for such
 * pages hold. A link of another site may lead to it, because that site neither reads nor holds what it opens.
 */
function pageCallerOf(request: HttpRequest): Caller {
  const caller = callerOf(request);
  const isOpened = request.headers["sec-fetch-dest"] === "document" || caller.sites.length === 0;
  return isOpened ? { ...caller, sites: ["same-origin"] } : caller;
}

function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const fields = {
    ...securityHeaders,
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...headers,
  };
  response.writeHead(status, fields).end(text);
}
