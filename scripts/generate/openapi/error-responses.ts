import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import type { JsonObject } from "../describe/json.ts";

/** Name of the component response that every refusal has. */
export const errorResponseName = "Error";

// The body of an error on the REST surface (AIP-193): google.rpc.Status under `error`, with the code of HTTP.
const errorSchema: JsonObject = {
  type: "object",
  title: "Error",
  description: "Why a request was refused.",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "integer", format: "int32", description: "The HTTP status." },
        message: { type: "string", description: "For developers, in English." },
        status: {
          type: "string",
          description: "The canonical code.",
          enum: CodeSchema.values.map((value) => value.name),
        },
        details: {
          type: "array",
          description:
            "`google.rpc.ErrorInfo`, whose `reason` a program can act on; `google.rpc.BadRequest` with every broken rule; " +
            "`google.rpc.RetryInfo` where waiting helps.",
          items: { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"] },
        },
      },
      required: ["code", "message", "status"],
    },
  },
  required: ["error"],
};

/** The component response for every refusal. */
export const errorResponse: JsonObject = {
  description: "The request was refused.",
  content: { "application/json": { schema: errorSchema } },
};
