import type { DescMethod } from "@bufbuild/protobuf";
import { errorListOf, statusOfError } from "../describe/error-list.ts";
import type { JsonObject } from "../describe/json.ts";
import { errorSchemaName } from "./error-schemas.ts";
import { schemaReference } from "./schema-names.ts";

type NamedResponse = {
  readonly name: string;
  readonly description: string;
  readonly headers?: JsonObject;
};

const retryAfter: JsonObject = {
  "Retry-After": {
    description: "Seconds to wait before a retry.",
    schema: { type: "integer", minimum: 0 },
  },
};

/** The responses that clients handle differently, by HTTP status. Other errors are in the default response. */
const namedResponses: ReadonlyMap<number, NamedResponse> = new Map([
  [400, { name: "BadRequest", description: "The request is invalid. Correct it before you send it again." }],
  [
    401,
    {
      name: "Unauthorized",
      description: "The request has no valid access token.",
      headers: {
        "WWW-Authenticate": {
          description: "A Bearer challenge (RFC 6750).",
          required: true,
          schema: { type: "string" },
        },
      },
    },
  ],
  [403, { name: "Forbidden", description: "The account of the access token may not do this." }],
  [404, { name: "NotFound", description: "What the request names does not exist." }],
  [409, { name: "Conflict", description: "A later version is stored. The request changed nothing." }],
  [413, { name: "ContentTooLarge", description: "The request is larger than the server accepts." }],
  [
    429,
    {
      name: "TooManyRequests",
      description: "The caller sends requests faster than the server allows. Retry later.",
      headers: retryAfter,
    },
  ],
  [
    503,
    {
      name: "ServiceUnavailable",
      description: "The server cannot answer at the moment. Retry later.",
      headers: retryAfter,
    },
  ],
]);

const defaultName = "Error";

/** Returns the error responses of an RPC by status: those for which its comment lists reasons, and the default one. */
export function errorResponsesOf(rpc: DescMethod): JsonObject {
  const reasons = reasonsOf(rpc);
  const named = [...namedResponses].filter(([status]) => reasons.has(status));
  return Object.fromEntries([
    ...named.map(([status, { name }]) => [String(status), responseReference(name)] as const),
    ["default", responseReference(defaultName)] as const,
  ]);
}

/** Returns the component responses that the RPCs refer to, with all reasons that the RPCs list for each. */
export function errorResponseComponents(rpcs: readonly DescMethod[]): JsonObject {
  const lists = rpcs.map(reasonsOf);
  const responses = [...namedResponses].flatMap(([status, { name, description, headers }]) => {
    const reasons = new Set(lists.flatMap((list) => list.get(status) ?? []));
    const text = `${description}\n\nReasons: ${[...reasons].join(", ")}.`;
    return reasons.size === 0 ? [] : [[name, errorResponse(text, headers)] as const];
  });
  return {
    ...Object.fromEntries(responses),
    [defaultName]: errorResponse("The server rejected the request, or failed."),
  };
}

function errorResponse(description: string, headers?: JsonObject): JsonObject {
  const schema = schemaReference(errorSchemaName);
  return { description, headers, content: { "application/json": { schema } } };
}

function responseReference(name: string): JsonObject {
  return { $ref: `#/components/responses/${name}` };
}

/** Returns the error reasons that the comment of an RPC lists, by HTTP status. */
function reasonsOf(rpc: DescMethod): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const { code, reasons } of errorListOf(rpc)) {
    for (const reason of reasons) {
      const status = statusOfError(code, reason);
      found.set(status, [...(found.get(status) ?? []), reason]);
    }
  }
  return found;
}
