import generated from "../../../gen/openapi.json" with { type: "json" };
import type { ServedDocument } from "./document-page.ts";
import { tokenPath } from "./token-endpoint.ts";

const text = JSON.stringify(generated);
const exampleTime = Date.parse(generated["x-example-time"]);

/**
 * The OpenAPI document. Its first server is this one. Its examples are valid now: a status must be at most 30 days old, so
 * that the times in the generated document become stale.
 */
export const openApiDocument: ServedDocument = {
  name: "the OpenAPI document",
  // The server compresses the document again after this time.
  lifetimeMs: 60_000,
  write(url, now) {
    const document = JSON.parse(shiftTimes(text, now - exampleTime)) as typeof generated;
    const { oauth2, ...otherSchemes } = document.components.securitySchemes;
    const { clientCredentials } = oauth2.flows;
    return {
      ...document,
      servers: [{ url, description: "This server." }, ...document.servers],
      components: {
        ...document.components,
        securitySchemes: {
          oauth2: {
            ...oauth2,
            flows: { clientCredentials: { ...clientCredentials, tokenUrl: url + tokenPath } },
          },
          ...otherSchemes,
        },
      },
    };
  },
};

/** The last second that RFC 3339 can express. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Moves all times in a text, which are those of examples, at most to the end of the year 9999. */
function shiftTimes(json: string, ms: number): string {
  return json.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (time) =>
    new Date(Math.min(Date.parse(time) + ms, latestMs)).toISOString().replace(/\.\d+Z$/, "Z"),
  );
}
