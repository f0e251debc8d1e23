import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { apiError, errorDomain } from "../../contract/api-error.ts";
import { type ResponseFrame, respondContent, respondEmpty, respondError } from "../../transcoding/index.ts";
import type { HttpHandler } from "../http-handler.ts";
import { publicUrlOf } from "./public-urls.ts";

/** A Discovery document, as far as it says who serves the API. */
export type DiscoveryDocument = {
  readonly version: string;
  readonly rootUrl: string;
  readonly baseUrl: string;
};

export type DiscoveryOptions = {
  document: DiscoveryDocument;
  /** Where clients reach the server, without a slash at the end. */
  publicUrls: () => readonly string[];
};

const paths: ReadonlySet<string> = new Set(["/$discovery/rest", "/%24discovery/rest"]);

/** Says whether a raw path, without its query, is that of the Discovery document. */
export function isDiscoveryPath(path: string): boolean {
  return paths.has(path);
}

/** For clients that load the document each time they start: a release may change it, and nothing else does. */
const cacheControl = "public, max-age=300";

/**
 * Creates the route of the Discovery document, which needs no token, as Google's needs none. `rootUrl` and `baseUrl` are
 * those of this server: that of its public URLs by which it was asked, else the first one. A Host that is none of them
 * never gets into the document, for clients send tokens to where it says.
 */
export function createDiscovery(options: DiscoveryOptions): HttpHandler {
  const { document, publicUrls } = options;
  const written = new Map<string, Written>();

  const writtenFor = (url: string): Written => {
    let known = written.get(url);
    if (known === undefined) {
      known = write({ ...document, rootUrl: `${url}/`, baseUrl: `${url}/` });
      written.set(url, known);
    }
    return known;
  };

  return (request, response) => {
    const { method = "", headers } = request;
    const frame: ResponseFrame = {
      response: response as ServerResponse,
      headers: {},
      vary: "accept-encoding",
      acceptEncoding: headers["accept-encoding"] as string | undefined,
      compressMinBytes: 1_024,
    };
    if (method === "OPTIONS") {
      respondEmpty(frame, 204, { allow: allowed });
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      const message = `the Discovery document is not for ${method}; it is for GET, HEAD`;
      const error = apiError(ErrorReason.METHOD_NOT_ALLOWED, { message });
      respondError(frame, error, { domain: errorDomain, httpStatus: 405, headers: { allow: allowed } });
      return;
    }
    const version = versionOf(request.url ?? "");
    if (version !== undefined && version !== document.version) {
      const message = `there is no Discovery document of version ${JSON.stringify(version)}; there is one of ${document.version}`;
      respondError(frame, apiError(ErrorReason.ROUTE_NOT_FOUND, { message }), { domain: errorDomain });
      return;
    }
    const host = (headers[":authority"] as string | undefined) ?? headers.host;
    const { content, etag } = writtenFor(publicUrlOf(publicUrls(), host));
    const validators = { etag, "cache-control": cacheControl };
    if (isListed(etag, headers["if-none-match"] as string | undefined)) {
      respondEmpty(frame, 304, validators);
      return;
    }
    void respondContent(frame, { contentType: "application/json", content }, new Headers(validators));
  };
}

const allowed = "GET, HEAD, OPTIONS";

type Written = { readonly content: string; readonly etag: string };

function write(document: object): Written {
  const content = JSON.stringify(document);
  const digest = createHash("sha256").update(content).digest("base64url").slice(0, 22);
  // Weak, for compression makes other bytes of it.
  return { content, etag: `W/"${digest}"` };
}

/** Returns the version that a request target asks for; undefined if it does not say, or says nothing. */
function versionOf(target: string): string | undefined {
  const mark = target.indexOf("?");
  return (mark === -1 ? null : new URLSearchParams(target.slice(mark)).get("version")) || undefined;
}

/** RFC 9110 13.1.2: compares weakly. */
function isListed(etag: string, ifNoneMatch: string | undefined): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return (ifNoneMatch ?? "").split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
