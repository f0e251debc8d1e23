import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { runBuf } from "../../../scripts/run-buf.ts";

const root = join(import.meta.dirname, "../../..");

const template = {
  version: "v2",
  plugins: [{ local: "protoc-gen-es", out: ".", opt: ["target=ts", "import_extension=ts"] }],
};

/** Generates code from the contract in `workDir` and bundles the page with it. Returns the path of the script. */
export async function bundlePage(workDir: string): Promise<string> {
  const generated = join(workDir, "gen");
  const templateFile = join(workDir, "buf.gen.json");
  writeFileSync(templateFile, JSON.stringify(template));
  runBuf(["generate", "--template", templateFile, "--output", generated]);
  const script = join(workDir, "page.js");
  await build({
    entryPoints: [join(import.meta.dirname, "page.ts")],
    bundle: true,
    platform: "browser",
    format: "esm",
    outfile: script,
    logLevel: "warning",
    // The generated files import packages, but have no node_modules above them.
    nodePaths: [join(root, "node_modules")],
    plugins: [replaceGenerated(generated)],
  });
  return script;
}

/** Bundles the generated code in `folder` instead of that in the repository, which is used for types only. */
function replaceGenerated(folder: string): Plugin {
  return {
    name: "replace-generated",
    setup(bundle) {
      bundle.onResolve({ filter: /^(#deps|(\.\.\/)+gen)\/.*_pb\.(js|ts)$/ }, ({ path }) => ({
        path: join(folder, path.replace(/^(#deps|(\.\.\/)+gen)\//, "").replace(/\.js$/, ".ts")),
      }));
    },
  };
}
