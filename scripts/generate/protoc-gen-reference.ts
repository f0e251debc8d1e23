/**
 * Buf plugin: writes the reference in Markdown, a page for each file and an index. buf must run it for all files at once
 * (`strategy: all`). Required options: `title`, and `proto_folder`, the path from the pages to the protos.
 */
import { runPlugin } from "./describe/plugin.ts";
import { referencePages } from "./reference/pages.ts";

runPlugin({
  name: "protoc-gen-reference",
  options: ["title", "proto_folder"],
  generate: (files, allFiles, { title, proto_folder: protoFolder }) =>
    referencePages(files, allFiles, { title, protoFolder }),
});
