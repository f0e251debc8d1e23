/**
 * Buf plugin: writes one OpenAPI 3.1 document, `openapi.json`, for the services that have google.api.http.
 * buf must run it for all files at once (`strategy: all`). Its option `title` is the title of the API.
 */
import { readFileSync } from "node:fs";
import { createEcmaScriptPlugin, runNodeJs, type Schema } from "@bufbuild/protoplugin";
import { openApiDocument } from "./openapi/document.ts";

type Options = { readonly title: string };

runNodeJs(
  createEcmaScriptPlugin<Options>({
    name: "protoc-gen-openapi",
    version: "v1",
    parseOptions,
    generateTs: generate,
  }),
);

function parseOptions(options: readonly { key: string; value: string }[]): Options {
  const unknown = options.find(({ key }) => key !== "title");
  if (unknown) throw new Error(`there is no option ${unknown.key}`);
  const title = options.find(({ key }) => key === "title")?.value;
  if (!title) throw new Error("the option title is missing");
  return { title };
}

function generate({ files, allFiles, options, generateFile }: Schema<Options>): void {
  const { license } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    license: string;
  };
  const document = openApiDocument(files, allFiles, { title: options.title, license });
  generateFile("openapi.json").print(JSON.stringify(document, null, 2));
}
