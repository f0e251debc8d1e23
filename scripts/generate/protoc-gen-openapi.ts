/**
 * Buf plugin: writes one OpenAPI 3.1 document, `openapi.json`, for the services that have google.api.http.
 * buf must run it for all files at once (`strategy: all`). Required option: `title`, the title of the API.
 */
import { readFileSync } from "node:fs";
import { runDocumentPlugin } from "./describe/plugin.ts";
import { openApiDocument } from "./openapi/document.ts";

runDocumentPlugin({
  name: "protoc-gen-openapi",
  file: "openapi.json",
  options: ["title"],
  document(files, allFiles, { title }) {
    const { license } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      license: string;
    };
    return openApiDocument(files, allFiles, { title, license });
  },
});
