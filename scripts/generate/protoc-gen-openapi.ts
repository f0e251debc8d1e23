/**
 * Buf plugin: writes one OpenAPI 3.1 document for the services that have google.api.http.
 * buf must run it for all files at once (`strategy: all`). Required options: `file`, its name,
 * `packages`, with blanks between, `title`,
 * `description` and `documentation_link`. The version, the license and the contact are those of package.json.
 */
import { readFileSync } from "node:fs";
import { runDocumentPlugin } from "./describe/plugin.ts";
import { openApiDocument } from "./openapi/document.ts";

/** What a server adds to the messages that the examples in the comments push. A test compares this with the server. */
const outputFields = {
  "mobiledataplansharing.v1.PlanStatus.name": "operators/65001/planStatuses/+14155550100",
  "mobiledataplansharing.v1.PlanStatus.notifications": ["NOTIFICATION_LOW_BALANCE_WARNING"],
  "mobiledataplansharing.v1.PlanGroup.name": "operators/65001/planGroups/+14155550100",
};

runDocumentPlugin({
  name: "protoc-gen-openapi",
  file: "openapi.json",
  options: ["file", "packages", "title", "description", "documentation_link"],
  document(files, allFiles, { packages, title, description, documentation_link: documentation }) {
    const { name, version, license, repository } = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as { name: string; version: string; license: string; repository: { url: string } };
    const contact = { name, url: repository.url.replace(/^git\+|\.git$/g, "") };
    const release = { version, license, contact };
    return openApiDocument(files, allFiles, {
      packages: packages.split(" "),
      title,
      description,
      documentation,
      outputFields,
      ...release,
    });
  },
});
