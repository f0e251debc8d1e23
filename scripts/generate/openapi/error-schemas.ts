import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import type { JsonObject } from "../describe/json.ts";
import { schemaReference } from "./schema-names.ts";

/** Name of the schema of an error's body. */
export const errorSchemaName = "ErrorResponse";

/**
 * Returns the component schemas of a REST error (AIP-193): `google.rpc.Status` under `error`, with the HTTP status as its
 * code.
 *
 * All objects are open, and no property of a detail is required except its type, so that clients that were generated from
 * this document read an error with details or members that they do not know. Details are one schema with the members of all
 * known types, because most generators reject an unknown type if the schema is a choice of types.
 *
 * @param reasonName - Name of the schema of `google.rpc.ErrorInfo.reason`, if the contract has one.
 */
export function errorSchemas(reasonName: string | undefined): JsonObject {
  return {
    [errorSchemaName]: open({
      description: "Why the server rejected a request.",
      properties: { error: schemaReference("ErrorStatus") },
      required: ["error"],
    }),
    ErrorStatus: open({
      description: "A google.rpc.Status.",
      properties: {
        code: { type: "integer", format: "int32", description: "The HTTP status." },
        message: { type: "string", description: "A message for developers, in English." },
        status: {
          type: "string",
          description: `The canonical code: ${CodeSchema.values.map((value) => value.name).join(", ")}.`,
        },
        details: {
          type: "array",
          description: "What programs act on.",
          items: schemaReference("ErrorDetail"),
        },
      },
      required: ["code", "message", "status"],
    }),
    ErrorDetail: errorDetail(reasonName),
    FieldViolation: open({
      description: "A violation of google.rpc.BadRequest.",
      properties: {
        field: {
          type: "string",
          description:
            "Path of the field, as the caller wrote it: `plans[0].planId`. `body` is the whole body.",
        },
        description: { type: "string", description: "What is wrong and what was expected, in English." },
      },
    }),
  };
}

function errorDetail(reasonName: string | undefined): JsonObject {
  return open({
    description:
      "A detail of an error. `@type` says which members it has:\n\n" +
      "- `type.googleapis.com/google.rpc.ErrorInfo`: `reason`, `domain` and `metadata`. Every error has one.\n" +
      "- `type.googleapis.com/google.rpc.BadRequest`: `fieldViolations`.\n" +
      "- `type.googleapis.com/google.rpc.RetryInfo`: `retryDelay`, if a retry may succeed.\n" +
      "- Any other type has other members. Ignore types that you do not know.",
    properties: {
      "@type": { type: "string", description: "URL of the message type." },
      reason: {
        ...(reasonName === undefined ? { type: "string" } : schemaReference(reasonName)),
        description: "google.rpc.ErrorInfo: why the request was rejected.",
      },
      domain: { type: "string", description: "google.rpc.ErrorInfo: who defines the reason." },
      metadata: {
        type: "object",
        description: "google.rpc.ErrorInfo: values of this error.",
        additionalProperties: { type: "string" },
      },
      fieldViolations: {
        type: "array",
        description: "google.rpc.BadRequest: every violation, at most 100.",
        items: schemaReference("FieldViolation"),
      },
      retryDelay: {
        type: "string",
        description: "google.rpc.RetryInfo: how long to wait before a retry, in seconds, such as `1.5s`.",
      },
    },
    required: ["@type"],
  });
}

function open(schema: JsonObject): JsonObject {
  return { type: "object", ...schema, additionalProperties: true };
}
