import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createContext, Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startBrowser, whySkipped } from "../browser/open-console.ts";
import { installPackage, type Project } from "./installed.ts";
import { npm } from "./npm.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

/** A page of a user: creates a status, validates it, and reads an error of a call. */
const page = `
  import {
    ErrorReason, ErrorReasonSchema, errorDomain, money, parseResourceName, planStatusOf, readError, resourceName,
    unlimitedBytes, validate,
  } from "mobile-data-plan-sharing/contract";

  const planModules = [{ moduleName: "Data", description: "Everything", balance: unlimitedBytes() }];
  const planStatus = planStatusOf({
    languageCode: "en-US",
    expiresIn: { hours: 24 },
    plans: [{ planId: "acme-199", planName: "ACME", planModules }],
    accountInfo: { accountBalance: money("12.50", "USD") },
  });
  const name = resourceName(65001, "planStatuses", "a/b%c");
  globalThis.report = JSON.stringify({
    violations: validate(planStatus).violations,
    name,
    id: parseResourceName(name, "planStatuses")?.id,
    error: readError(new Error("no answer")).status,
    reason: ErrorReasonSchema.value[ErrorReason.FIELD_INVALID]?.name,
    errorDomain,
  });
`;

const expected = {
  violations: [
    { field: "accountInfo.accountBalanceStatus", description: "value is required" },
    { field: "accountInfo.validUntil", description: "value is required" },
  ],
  name: "operators/65001/planStatuses/a%2Fb%25c",
  id: "a/b%c",
  error: "UNKNOWN",
  reason: "FIELD_INVALID",
  errorDomain: "mobile-data-plan-sharing",
};

/** Every package that a bundle of the entry may contain. */
const packages = [
  "@bufbuild/cel",
  "@bufbuild/cel-spec",
  "@bufbuild/protobuf",
  "@bufbuild/protovalidate",
  "@bufbuild/re2",
  "@connectrpc/connect",
  "mobile-data-plan-sharing",
];

let project: Project;
beforeAll(async () => {
  project = await installPackage(inject("tarball"), process.execPath);
  writeFileSync(join(project.folder, "page.js"), page);
});
afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

/** Bundles source text as esbuild does with `--bundle --platform=browser`. */
async function bundle(contents: string): Promise<{ text: string; warnings: string[]; metafile: Metafile }> {
  const { outputFiles, warnings, metafile } = await build({
    absWorkingDir: project.folder,
    stdin: { contents, resolveDir: project.folder },
    bundle: true,
    platform: "browser",
    format: "iife",
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  return { text: outputFiles[0]?.text ?? "", warnings: warnings.map(({ text }) => text), metafile };
}

/** What a bundle gets: what browsers and Node have in common, and a document that can preload modules, as Vite asks. */
const globals = {
  ...{ TextEncoder, TextDecoder, Headers, URL, atob, btoa },
  document: { createElement: () => ({ relList: { supports: () => true } }) },
};

/** Runs a bundle without a global of Node and without `eval`, as under a strict Content-Security-Policy. */
function runBare(text: string): unknown {
  const context = createContext({ ...globals }, { codeGeneration: { strings: false, wasm: false } });
  new Script(text).runInContext(context);
  return JSON.parse(String(context.report));
}

describe("the entry ./contract bundled with esbuild for browsers", () => {
  it("has no warnings, imports no module of Node, and consists of the contract's packages only", async () => {
    const { warnings, metafile } = await bundle(page);
    expect(warnings).toEqual([]);
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    expect(outside).toEqual([]);
    const names = Object.keys(metafile.inputs).map(
      (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1],
    );
    expect([...new Set(names)].filter((name) => name !== undefined).toSorted()).toEqual(packages);
  });

  it("creates, validates and names a status without a global of Node", async () => {
    expect(runBare((await bundle(page)).text)).toEqual(expected);
  });

  it("runs the page of docs/client.md", async () => {
    const guide = readFileSync(join(root, "docs/client.md"), "utf8");
    const [, text = ""] = /<!-- snippet: page.ts -->\n```ts\n([\s\S]*?)```/.exec(guide) ?? [];
    const { text: script } = await bundle(
      `${text}\nglobalThis.report = JSON.stringify({ violations, name });`,
    );
    expect(runBare(script)).toEqual({
      violations: [],
      name: "operators/65001/planStatuses/a%2Fb+c==",
    });
  });

  it("may be bundled together with generated codecs", async () => {
    const { text, warnings, metafile } = await bundle(`
      import { planStatusOf } from "mobile-data-plan-sharing/contract";
      import { PlanStatusCodec } from "mobile-data-plan-sharing/gen/mobiledataplansharing/v1/resources_codec.js";
      const bytes = PlanStatusCodec.encode(planStatusOf({ title: "é", expireTime: new Date(1_000) }));
      const { title, expireTime } = PlanStatusCodec.decode(bytes);
      globalThis.report = JSON.stringify([title, String(expireTime.seconds)]);
    `);
    expect([warnings, Object.values(metafile.outputs).flatMap(({ imports }) => imports)]).toEqual([[], []]);
    expect(runBare(text)).toEqual(["é", "1"]);
  });

  it("leaves the rules out of pages that only build statuses", async () => {
    const whole = await bundle(page);
    const builders = await bundle(
      'import { planStatusOf } from "mobile-data-plan-sharing/contract"; console.log(planStatusOf({}));',
    );
    const size = (text: string) => gzipSync(text).length;
    expect(builders.text).not.toContain("google.api.expr");
    // Compressed bytes. bench/README.md has the exact sizes.
    expect(size(whole.text)).toBeLessThan(140_000);
    expect(size(builders.text)).toBeLessThan(60_000);
  });

  it(`runs in Chromium${whySkipped}`, async ({ skip }) => {
    skip(whySkipped !== "");
    const { text } = await bundle(page);
    const browser = await startBrowser();
    try {
      const tab = await browser.newPage();
      const errors: string[] = [];
      tab.on("pageerror", ({ message }) => errors.push(message));
      await tab.addScriptTag({ content: text });
      const report = await tab.evaluate("report");
      expect([errors, JSON.parse(String(report))]).toEqual([[], expected]);
    } finally {
      await browser.close();
    }
  });
});

it("Vite bundles the entry ./contract without warnings", async () => {
  await npm(project.node, project.folder, ["install", "vite@8.4.0"]);
  const folder = join(project.folder, "site");
  mkdirSync(folder);
  writeFileSync(join(folder, "main.js"), page);
  writeFileSync(join(folder, "index.html"), '<script type="module" src="main.js"></script>');
  const vite = join(project.folder, "node_modules", "vite", "bin", "vite.js");
  const { stdout, stderr } = await run(project.node, [vite, "build", "--logLevel", "warn"], {
    cwd: folder,
    env: project.env,
  });
  expect(stdout + stderr).toBe("");
  const assets = join(folder, "dist", "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBe(1);
  const text = readFileSync(join(assets, scripts[0] ?? ""), "utf8");
  expect(text).not.toContain("vite-browser-external");
  expect(runBare(text)).toEqual(expected);
});

it.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])(
  "TypeScript with module %s compiles a page that imports ./contract without the types of Node",
  async (module, moduleResolution) => {
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2022", "dom"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    const config = join(project.folder, `tsconfig.${module}.json`);
    writeFileSync(join(project.folder, "typed-page.ts"), page.replace("globalThis.report", "document.title"));
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["typed-page.ts"] }));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const outcome = await run(process.execPath, [tsc, "-p", config]).catch((error) => error);
    expect(outcome.stdout).toBe("");
  },
);

/** Code of a user with exports whose types are inferred. */
const exported = (entry: string) => `
  import { byteBalance, expiresIn, minuteBalance, money, planStatusOf, readError, unlimitedBytes, validate } from "${entry}";
  export const amount = money("12.50", "USD");
  export const balances = [byteBalance({ quota: 1, remaining: 1 }), minuteBalance({ quota: 1, remaining: 1 }), unlimitedBytes()];
  export const statusOf = (...[init]: Parameters<typeof planStatusOf>) => planStatusOf(init);
  export const initOf = (...[init]: Parameters<typeof planStatusOf>) => ({ ...init, languageCode: "en" });
  export const checked = (...[message]: Parameters<typeof validate>) => ({ message, validation: validate(message) });
  export const others = { expireTime: expiresIn({ days: 1 }), error: readError(new Error()) };
`;

it("TypeScript with declaration: true can name the types of what the entries ./contract and ./client return", async () => {
  const files = ["contract", "client"].map((entry) => `exported-${entry}.ts`);
  for (const [index, entry] of ["contract", "client"].entries()) {
    writeFileSync(join(project.folder, files[index] ?? ""), exported(`mobile-data-plan-sharing/${entry}`));
  }
  const compilerOptions = {
    ...{ module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [], strict: true },
    ...{ declaration: true, emitDeclarationOnly: true, outDir: "declarations", rootDir: "." },
  };
  const config = join(project.folder, "tsconfig.declarations.json");
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const outcome = await run(process.execPath, [tsc, "-p", config]).catch((error) => error);
  expect(outcome.stdout).toBe("");
});
