/**
 * Buf plugin: writes one Google API Discovery document, `discovery.json`, for the services that have google.api.http.
 * buf must run it for all files at once (`strategy: all`). Required options: `packages`, with blanks between, `title`,
 * `description` and `documentation_link`. The revision is the version of the package.
 */
import manifest from "../../package.json" with { type: "json" };
import { runDocumentPlugin } from "./describe/plugin.ts";
import { discoveryDocument } from "./discovery/document.ts";

runDocumentPlugin({
  name: "protoc-gen-discovery",
  file: "discovery.json",
  options: ["packages", "title", "description", "documentation_link"],
  document: (files, _, options) =>
    discoveryDocument(
      files.filter(({ proto }) => options.packages.split(" ").includes(proto.package)),
      {
        title: options.title,
        description: options.description,
        documentationLink: options.documentation_link,
        revision: manifest.version,
      },
    ),
});
