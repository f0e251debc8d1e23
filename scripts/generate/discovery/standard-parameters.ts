import type { JsonObject } from "../describe/json.ts";

/**
 * The parameters that every method takes. Google's documents also have `access_token`, `oauth_token`, `callback` and
 * those of uploads: tokens in a URL and JSONP are refused, and no method takes an upload.
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
  key: { description: "API key. Taken and not looked at.", location: "query", type: "string" },
  prettyPrint: {
    description: "Returns response with indentations and line breaks.",
    location: "query",
    type: "boolean",
    default: "false",
  },
  quotaUser: {
    description: "Any text that stands for a user, for quotas. Taken and not looked at.",
    location: "query",
    type: "string",
  },
};
