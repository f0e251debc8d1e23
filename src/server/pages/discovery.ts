import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import discoveryDocument from "../../../gen/discovery.json" with { type: "json" };
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { PublicUrls } from "../../auth/audience.ts";
import { apiError, errorDomain } from "../../contract/api-error.ts";
import {
  createStaticContent,
  createViolationList,
  malformedRequest,
  parseRequestTarget,
  type Query,
  type ResponseFrame,
  readQuery,
  readSystemParameters,
  respondEmpty,
  respondError,
  respondStatic,
  type StaticContent,
  shownParameter,
  type ViolationList,
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

  function pageFor(url: string, prettyPrint: boolean): Page {
    const key = `${prettyPrint} ${url}`;
    let page = pages.get(key);
    if (page === undefined) {
      const { origin, pathname } = new URL(`${url}/`);
      const servicePath = pathname.slice(1);
      const document = {
        ...discoveryDocument,
        rootUrl: `${origin}/`,
        servicePath,
        basePath: servicePath === "" ? "" : pathname,
        baseUrl: `${url}/`,
        batchPath: servicePath + discoveryDocument.batchPath,
      };
      page = write(JSON.stringify(document, null, prettyPrint ? 2 : 0));
      pages.set(key, page);
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
    const violations = createViolationList();
    const query = readQuery(parseRequestTarget(request.url ?? "").query, violations);
    const { prettyPrint } = readSystemParameters(query, undefined, violations);
    const version = readVersion(query, violations);
    if (violations.found.length > 0) {
      respondError(frame, malformedRequest(errorDomain, violations.found), { domain: errorDomain });
      return;
    }
    if (version !== undefined && version !== discoveryDocument.version) {
      const message = `there is no Discovery document for this version; use ${discoveryDocument.version}`;
      respondError(frame, apiError(ErrorReason.ROUTE_NOT_FOUND, { message }), { domain: errorDomain });
      return;
    }
    const host = (headers[":authority"] as string | undefined) ?? headers.host;
    const { content, etag } = pageFor(publicUrlOf(publicUrls(), host), prettyPrint);
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

function write(text: string): Page {
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  // Weak, because compressed responses have other bytes.
  return { content: createStaticContent(text), etag: `W/"${digest}"` };
}

/** Returns the `version` of a query; undefined if it is missing or empty. Other parameters are violations. */
function readVersion({ fields }: Query, violations: ViolationList): string | undefined {
  let version: string | undefined;
  for (const { name, value } of fields) {
    // google-api-python-client adds userIp.
    if (name !== "version" && name !== "userIp") {
      violations.add(shownParameter(name), "is not a parameter of the Discovery document");
    } else if (name === "version" && version !== undefined) {
      violations.add(name, "must be given once");
    } else if (name === "version") {
      version = value;
    }
  }
  return version || undefined;
}

/** RFC 9110 13.1.2: compares weakly. */
function isListed(etag: string, ifNoneMatch: string | undefined): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return (ifNoneMatch ?? "").split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
