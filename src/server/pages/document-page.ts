import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { PublicUrls } from "../../auth/audience.ts";
import { apiError, errorDomain } from "../../contract/api-error.ts";
import type { Clock } from "../../contract/clock.ts";
import {
  type CorsOptions,
  createCors,
  createStaticContent,
  createViolationList,
  isPreflight,
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
import type { HttpHandler, HttpRequest } from "../http-handler.ts";
import { publicUrlOf } from "./public-urls.ts";

/** A document about the API that everybody may read. */
export type ServedDocument = {
  /** For messages: `the OpenAPI document`. */
  readonly name: string;
  /** Returns the document of the server at a public URL. */
  readonly write: (url: string, now: number) => object;
  /** How long a written document is served before it is written again, in milliseconds. Defaults to forever. */
  readonly lifetimeMs?: number;
  /** The version of the API, if the query may name one. */
  readonly version?: string;
};

export type DocumentPageOptions = {
  readonly publicUrls: PublicUrls;
  readonly clock: Clock;
  /** The CORS options of the API. The pages that may call it may also read its documents. */
  readonly cors: CorsOptions | undefined;
};

/** Clients may load a document on every start; only a release changes more than the times of examples. */
const cacheControl = "public, max-age=300";

const methods = ["GET", "HEAD", "OPTIONS"];
const allowed = methods.join(", ");

/**
 * Creates the handler of a document, which needs no token. Its URLs are those of the public URL with the host of the
 * request, else of the first public URL. Any other Host never gets into the document, because clients send tokens to the
 * URL in it.
 */
export function createDocumentPage(document: ServedDocument, options: DocumentPageOptions): HttpHandler {
  const { publicUrls, clock } = options;
  const cors = options.cors && createCors(options.cors);
  const vary = options.cors && options.cors.origins !== "*" ? "accept-encoding, origin" : "accept-encoding";
  const pageFor = createPages(document);

  return function answerDocument(request, response) {
    const { method = "", headers } = request;
    const frame: ResponseFrame = {
      response: response as ServerResponse,
      headers: { ...cors?.headers(headers) },
      vary,
      acceptEncoding: headers["accept-encoding"] as string | undefined,
      // Errors are short.
      compressMinBytes: Number.POSITIVE_INFINITY,
    };
    if (method === "OPTIONS") {
      const preflight = isPreflight(headers) ? cors?.preflight(headers, methods) : undefined;
      respondEmpty(frame, 204, { allow: allowed, ...preflight });
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      const message = `${method} is not allowed for ${document.name}; use GET or HEAD`;
      const error = apiError(ErrorReason.METHOD_NOT_ALLOWED, { message });
      respondError(frame, error, { domain: errorDomain, httpStatus: 405, headers: { allow: allowed } });
      return;
    }
    const asked = readQuestion(request, document);
    if ("error" in asked) {
      respondError(frame, asked.error, { domain: errorDomain });
      return;
    }
    const host = (headers[":authority"] as string | undefined) ?? headers.host;
    const { content, etag } = pageFor(publicUrlOf(publicUrls(), host), asked.prettyPrint, clock.now());
    const validators = { etag, "cache-control": cacheControl };
    if (isListed(etag, headers["if-none-match"] as string | undefined)) {
      respondEmpty(frame, 304, validators);
      return;
    }
    void respondStatic(frame, "application/json", content, new Headers(validators));
  };
}

type Page = { readonly content: StaticContent; readonly etag: string; readonly period: number };

/** Returns a function that writes a document once per public URL, layout and lifetime: anybody may request it. */
function createPages({ write, lifetimeMs = Number.POSITIVE_INFINITY }: ServedDocument) {
  const pages = new Map<string, Page>();
  return function pageFor(url: string, prettyPrint: boolean, now: number): Page {
    const key = `${prettyPrint} ${url}`;
    const period = Math.floor(now / lifetimeMs);
    const known = pages.get(key);
    if (known?.period === period) {
      return known;
    }
    const time = period === 0 ? now : period * lifetimeMs;
    const text = JSON.stringify(write(url, time), null, prettyPrint ? 2 : 0);
    const digest = createHash("sha256").update(text).digest("base64url").slice(0, 22);
    // Weak, because compressed responses have other bytes.
    const page = { content: createStaticContent(text), etag: `W/"${digest}"`, period };
    pages.set(key, page);
    return page;
  };
}

/** Reads the query: the layout that it asks for, or the error that it causes. */
function readQuestion(request: HttpRequest, { name, version }: ServedDocument) {
  const violations = createViolationList();
  const query = readQuery(parseRequestTarget(request.url ?? "").query, violations);
  const { prettyPrint } = readSystemParameters(query, undefined, violations);
  const given = readVersion(query, violations, { name, hasVersions: version !== undefined });
  if (violations.found.length > 0) {
    return { error: malformedRequest(errorDomain, violations.found) };
  }
  if (given !== undefined && given !== version) {
    const message = `there is no ${name.replace(/^the /, "")} for this version; use ${version}`;
    return { error: apiError(ErrorReason.ROUTE_NOT_FOUND, { message }) };
  }
  return { prettyPrint };
}

/** Returns the `version` of a query; undefined if it is missing or empty. Other parameters are violations. */
function readVersion(
  { fields }: Query,
  violations: ViolationList,
  { name: document, hasVersions }: { name: string; hasVersions: boolean },
): string | undefined {
  let version: string | undefined;
  for (const { name, value } of fields) {
    // google-api-python-client adds userIp.
    if (name === "userIp") {
      continue;
    }
    if (name !== "version" || !hasVersions) {
      violations.add(shownParameter(name), `is not a parameter of ${document}`);
    } else if (version !== undefined) {
      violations.add(name, "must be given once");
    } else {
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
