import generated from "../../../gen/discovery.json" with { type: "json" };
import type { ServedDocument } from "./document-page.ts";

/** The Discovery document, which Google's client libraries read. */
export const discoveryDocument: ServedDocument = {
  name: "the Discovery document",
  version: generated.version,
  write(url) {
    const { origin, pathname } = new URL(`${url}/`);
    const servicePath = pathname.slice(1);
    return {
      ...generated,
      rootUrl: `${origin}/`,
      servicePath,
      basePath: servicePath === "" ? "" : pathname,
      baseUrl: `${url}/`,
      batchPath: servicePath + generated.batchPath,
    };
  },
};
