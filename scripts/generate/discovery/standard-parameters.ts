import type { JsonObject } from "../describe/json.ts";

/**
 * The parameters that every method accepts. Google's documents also have `access_token`, `oauth_token`, `callback` and
 * upload parameters. The server rejects tokens in a URL and JSONP, and no method accepts an upload.
 */
export const standardParameters: JsonObject = {
  "$.xgafv": {
    description: "V1 error format.",
    location: "query",
    type: "string",
    enum: ["1", "2"],
    enumDescriptions: ["v1 error format", "v2 error format"],
  },
  alt: {
    description: "Data format for response.",
    location: "query",
    type: "string",
    default: "json",
    enum: ["json"],
    enumDescriptions: ["Responses with Content-Type of application/json"],
  },
  fields: {
    description: "Selector specifying which fields to include in a partial response.",
    location: "query",
    type: "string",
  },
  key: { description: "API key. Accepted and ignored.", location: "query", type: "string" },
  prettyPrint: {
    description: "Returns response with indentations and line breaks.",
    location: "query",
    type: "boolean",
    default: "false",
  },
  quotaUser: {
    description: "Any string that identifies a user for quotas. Accepted and ignored.",
    location: "query",
    type: "string",
  },
};
