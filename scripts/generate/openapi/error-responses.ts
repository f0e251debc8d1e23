import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import type { JsonObject } from "../describe/json.ts";

/** Name of the response that all operations share for errors. */
export const errorResponseName = "Error";

// The body of a REST error (AIP-193): google.rpc.Status under `error`, with the HTTP status as its code.
const errorSchema: JsonObject = {
  type: "object",
  title: "Error",
  description: "Why the server rejected a request.",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "integer", format: "int32", description: "The HTTP status." },
        message: { type: "string", description: "A message for developers, in English." },
        status: {
          type: "string",
          description: "The canonical code.",
          enum: CodeSchema.values.map((value) => value.name),
        },
        details: {
          type: "array",
          description:
            "`google.rpc.ErrorInfo` with a machine-readable `reason`; `google.rpc.BadRequest` with every violation; " +
            "`google.rpc.RetryInfo` if the request may be retried.",
          items: { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"] },
        },
      },
      required: ["code", "message", "status"],
    },
  },
  required: ["error"],
};

/** The response that all operations share for errors. */
export const errorResponse: JsonObject = {
  description: "The server rejected the request.",
  content: { "application/json": { schema: errorSchema } },
};
