import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "../../..");
const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const protocGenEs = join(root, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es");
const options = [
  "target=ts",
  "import_extension=ts",
  "map_imports=buf/validate/:@bufbuild/protovalidate/gen",
  "map_imports=google/:#deps",
];

/** What a module `*_codec.ts` exports: codecs and the functions that they consist of. */
export type CodecModule = Readonly<Record<string, unknown>>;

/**
 * Generates messages and codecs of .proto sources, which may import every file that the contract may import, and loads the
 * codecs. `maxItems` is the option `max_items` of the plugin.
 */
export async function generateCodecs(
  sources: Readonly<Record<string, string>>,
  maxItems: number,
): Promise<CodecModule[]> {
  // Within the checkout, where imports of packages are resolved, in a folder that git ignores.
  const folder = mkdtempSync(join(root, "gen-deps/codecs-"));
  try {
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(folder, "proto", name)), { recursive: true });
      writeFileSync(join(folder, "proto", name), text);
    }
    cpSync(join(root, "proto-deps"), join(folder, "proto-deps"), { recursive: true });
    writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules: [{path: proto}, {path: proto-deps}]\n");
    const runtime = "runtime=../../../src/codec/runtime.js";
    const template = {
      version: "v2",
      inputs: [{ directory: "proto" }],
      plugins: [
        { local: [process.execPath, protocGenEs], out: "gen", opt: [...options, "erasable_syntax=true"] },
        {
          local: [process.execPath, join(root, "src/codec/plugin/main.ts")],
          out: "gen",
          strategy: "all",
          opt: [...options, runtime, `max_items=${maxItems}`],
        },
      ],
    };
    const args = [buf, "generate", "--template", JSON.stringify(template)];
    execFileSync(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const paths = Object.keys(sources).map((name) =>
      join(folder, "gen", name.replace(".proto", "_codec.ts")),
    );
    return await Promise.all(paths.map((path) => import(pathToFileURL(path).href)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
