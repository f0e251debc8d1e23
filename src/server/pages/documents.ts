import type { HttpHandler } from "../http-handler.ts";
import { discoveryDocument } from "./discovery.ts";
import { createDocumentPage, type DocumentPageOptions } from "./document-page.ts";
import { openApiDocument } from "./openapi.ts";

/** Returns the handlers of the documents about the API, by raw path without its query. */
export function createDocuments(options: DocumentPageOptions): ReadonlyMap<string, HttpHandler> {
  const discovery = createDocumentPage(discoveryDocument, options);
  return new Map([
    ["/$discovery/rest", discovery],
    ["/%24discovery/rest", discovery],
    ["/openapi.json", createDocumentPage(openApiDocument, options)],
  ]);
}
