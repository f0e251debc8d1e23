import type { Message } from "@bufbuild/protobuf";
import { decodeSegments } from "../http/percent.ts";
import type { RequestTarget } from "../http/request-target.ts";
import type { RouteMatch } from "../http/route-tree.ts";
import { parseJsonDocument } from "../json/bytes.ts";
import { checkDuplicateKeys } from "../json/document.ts";
import { createViolationList, type Rejection } from "../json/violations.ts";
import type { CallErrors } from "./call/errors.ts";
import { isJson } from "./media-types.ts";
import type { NodeRequest } from "./node-http.ts";
import { readQuery } from "./query.ts";
import { readBody } from "./read-body.ts";
import type { RestRoute } from "./routes.ts";
import { readSystemParameters, type SystemParameters } from "./system-parameters.ts";

type Input = { readonly message: Message; readonly parameters: SystemParameters };

/** Reads the input of a call from its path, query and body. Rejects with a CallError. */
export type InputReader = (
  match: RouteMatch<RestRoute>,
  target: RequestTarget,
  request: NodeRequest,
) => Promise<Input>;

/** Creates the reader. `maxBytes` bounds the decompressed body, `bodyTimeoutMs` the time that it may take to arrive. */
export function createInputReader(errors: CallErrors, maxBytes: number, bodyTimeoutMs: number): InputReader {
  return async function readInput({ route, captures }, { path, query }, request) {
    const contentType = request.headers["content-type"];
    const bytes = await readBytes(request, route.setRawBody !== undefined || isJson(contentType));
    const isEmpty = bytes.length === 0;
    const document = isEmpty || route.setRawBody !== undefined ? undefined : documentOf(route, bytes);
    if (document !== undefined && "violations" in document) {
      throw errors.rejected(document);
    }
    const violations = createViolationList();
    const parsed = readQuery(query, violations);
    const parameters = readSystemParameters(parsed, route.method.output, violations);
    if (route.hasLooseWildcard && decodeSegments(path) === undefined) {
      violations.add("path", "must be percent-encoded UTF-8");
    }
    const bound = route.binder.bind({ captures, query: parsed, body: document?.json });
    const inBody: Rejection =
      "violations" in bound
        ? bound
        : { violations: document ? checkDuplicateKeys(document, bound.keys) : [] };
    if (violations.found.length > 0) {
      throw errors.rejected({ violations: [...violations.found, ...inBody.violations] });
    }
    if ("violations" in bound || inBody.violations.length > 0) {
      throw errors.rejected(inBody);
    }
    if (!isEmpty) {
      route.setRawBody?.(bound.message, contentType ?? "", bytes);
    }
    return { message: bound.message, parameters };
  };

  /** Parses the body. Of a method that takes none, it is not parsed: that there is one is the violation. */
  function documentOf({ binding }: RestRoute, bytes: Uint8Array) {
    return binding.body === "" ? { json: null, text: "", keys: 0 } : parseJsonDocument(bytes);
  }

  async function readBytes(request: NodeRequest, isTyped: boolean): Promise<Buffer> {
    const body = await readBody(request, { limit: maxBytes, timeoutMs: bodyTimeoutMs, isTyped });
    if (!("problem" in body)) {
      return body.bytes;
    }
    switch (body.problem) {
      case "too-large":
        throw errors.tooLarge(maxBytes);
      case "too-slow":
        throw errors.tooSlow(bodyTimeoutMs);
      case "unknown-type":
        throw errors.contentType("application/json");
      case "unknown-encoding":
        throw errors.contentEncoding();
      case "broken-encoding":
        throw errors.rejected({
          violations: [
            {
              field: "body",
              description: "does not decompress: it is damaged, cut off, or not what Content-Encoding names",
            },
          ],
        });
    }
  }
}
