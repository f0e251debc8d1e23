/**
 * Bundles the console, the page of the emulator, into a directory. `npm ci` does it for a clone and `npm run build` for the
 * package. The names of scripts and style sheets have a hash of their content, so that browsers may keep them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { licenseTexts } from "./license-texts.ts";
import { writeDocuments } from "./write-documents.ts";

const root = join(import.meta.dirname, "../..");
const sources = join(root, "src/console");

/** How the code of the console is bundled. */
export const forBrowsers = {
  bundle: true,
  platform: "browser",
  target: ["chrome120", "firefox121", "safari17"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
} satisfies BuildOptions;

/** Writes the console: `index.html`, its scripts and styles, the contract with its comments, and the licenses. */
export async function buildConsole(directory: string): Promise<Metafile> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(sources, "main.tsx"), join(sources, "console.css")],
    outdir: directory,
    ...forBrowsers,
    splitting: true,
    format: "esm",
    metafile: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
  });
  const page = readFileSync(join(sources, "index.html"), "utf8");
  writeFileSync(
    join(directory, "index.html"),
    page
      .replace("main.tsx", outputOf(metafile, "src/console/main.tsx"))
      .replace("console.css", outputOf(metafile, "src/console/console.css")),
  );
  writeFileSync(join(directory, "licenses.txt"), licenseTexts(Object.keys(metafile.inputs), root));
  writeDocuments(directory);
  return metafile;
}

/** Returns the file name of the output that an entry has. */
function outputOf({ outputs }: Metafile, entry: string): string {
  const [path] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  if (path === undefined) {
    throw new Error(`esbuild made nothing of ${entry}`);
  }
  return basename(path);
}

if (import.meta.main) {
  await buildConsole(join(root, "gen-console"));
}
