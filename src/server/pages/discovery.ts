import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import discoveryDocument from "../../../gen/discovery.json" with { type: "json" };
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { PublicUrls } from "../../auth/audience.ts";
import { apiError, errorDomain } from "../../contract/api-error.ts";
import {
  createStaticContent,
  type ResponseFrame,
  respondEmpty,
  respondError,
  respondStatic,
  type StaticContent,
} from "../../transcoding/index.ts";
import type { HttpHandler } from "../http-handler.ts";
import { publicUrlOf } from "./public-urls.ts";

const paths: ReadonlySet<string> = new Set(["/$discovery/rest", "/%24discovery/rest"]);

/** Whether a raw path, without its query, is that of the Discovery document. */
export function isDiscoveryPath(path: string): boolean {
  return paths.has(path);
}

/** Clients may load the document on every start; only a release changes it. */
const cacheControl = "public, max-age=300";

/**
 * Creates the handler of the Discovery document, which needs no token, like Google's. Its URLs are those of the
 * public URL with the host of the request, else of the first public URL. Any other Host never gets into the document,
 * because clients send tokens to the URL in it.
 */
export function createDiscovery(publicUrls: PublicUrls): HttpHandler {
  const pages = new Map<string, Page>();

  function pageFor(url: string): Page {
    let page = pages.get(url);
    if (page === undefined) {
      const { origin, pathname } = new URL(`${url}/`);
      const servicePath = pathname.slice(1);
      page = write({
        ...discoveryDocument,
        rootUrl: `${origin}/`,
        servicePath,
        basePath: servicePath === "" ? "" : pathname,
        baseUrl: `${url}/`,
        batchPath: servicePath + discoveryDocument.batchPath,
      });
      pages.set(url, page);
    }
    return page;
  }

  return function answerDiscovery(request, response) {
    const { method = "", headers } = request;
    const frame: ResponseFrame = {
      response: response as ServerResponse,
      headers: {},
      vary: "accept-encoding",
      acceptEncoding: headers["accept-encoding"] as string | undefined,
      // Errors are short.
      compressMinBytes: Number.POSITIVE_INFINITY,
    };
    if (method === "OPTIONS") {
      respondEmpty(frame, 204, { allow: allowed });
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      const message = `${method} is not allowed for the Discovery document; use GET or HEAD`;
      const error = apiError(ErrorReason.METHOD_NOT_ALLOWED, { message });
      respondError(frame, error, { domain: errorDomain, httpStatus: 405, headers: { allow: allowed } });
      return;
    }
    const version = versionOf(request.url ?? "");
    if (version !== undefined && version !== discoveryDocument.version) {
      const message = `there is no Discovery document for version ${JSON.stringify(version)}; use ${discoveryDocument.version}`;
      respondError(frame, apiError(ErrorReason.ROUTE_NOT_FOUND, { message }), { domain: errorDomain });
      return;
    }
    const host = (headers[":authority"] as string | undefined) ?? headers.host;
    const { content, etag } = pageFor(publicUrlOf(publicUrls(), host));
    const validators = { etag, "cache-control": cacheControl };
    if (isListed(etag, headers["if-none-match"] as string | undefined)) {
      respondEmpty(frame, 304, validators);
      return;
    }
    void respondStatic(frame, "application/json", content, new Headers(validators));
  };
}

const allowed = "GET, HEAD, OPTIONS";

type Page = { readonly content: StaticContent; readonly etag: string };

function write(document: object): Page {
  const text = JSON.stringify(document);
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  // Weak, because compressed responses have other bytes.
  return { content: createStaticContent(text), etag: `W/"${digest}"` };
}

/** Returns the `version` in the query of a request target; undefined if it is missing or empty. */
function versionOf(target: string): string | undefined {
  const mark = target.indexOf("?");
  return (mark === -1 ? null : new URLSearchParams(target.slice(mark)).get("version")) || undefined;
}

/** RFC 9110 13.1.2: compares weakly. */
function isListed(etag: string, ifNoneMatch: string | undefined): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return (ifNoneMatch ?? "").split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
