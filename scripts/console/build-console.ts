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

/** What is bundled, with its name in `index.html`. */
const entries: ReadonlyMap<string, string> = new Map([
  ["src/console/main.tsx", "main.tsx"],
  ["src/console/console.css", "console.css"],
  ["src/console/playground/check-worker.ts", "check-worker.ts"],
]);

/** Writes the console: `index.html`, its scripts and styles, the contract with its comments, and the licenses. */
export async function buildConsole(directory: string): Promise<Metafile> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries.keys()].map((path) => join(root, path)),
    outdir: directory,
    ...forBrowsers,
    splitting: true,
    format: "esm",
    metafile: true,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
  });
  const page = [...entries].reduce(
    (text, [entry, name]) => text.replace(name, outputOf(metafile, entry)),
    readFileSync(join(sources, "index.html"), "utf8"),
  );
  writeFileSync(join(directory, "index.html"), page);
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
