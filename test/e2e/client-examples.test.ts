import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The `ts` blocks in the doc comments of a file. */
function examplesOf(file: string): string[] {
  const text = readFileSync(join(root, "src/client", file), "utf8");
  return [...text.matchAll(/^ \* ```ts\n([\s\S]*?)^ \* ```$/gm)].map(([, code = ""]) =>
    code.replaceAll(/^ \* ?/gm, ""),
  );
}

it("every example in the client's doc comments passes the type checker", () => {
  const exported = JSON.parse(readFileSync(join(root, "scripts/checks/baseline/exports.json"), "utf8"));
  const head = [
    `import { ${exported["./client"].join(", ")}, type PlanStatus } from ${JSON.stringify(join(root, "src/index.ts"))};`,
    "declare const client: PlanSharingClient;",
    "declare const planStatus: PlanStatus;",
  ].join("\n");
  const examples = readdirSync(join(root, "src/client"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap(examplesOf);
  expect(examples.length).toBeGreaterThanOrEqual(12);

  // Inside node_modules, so that the compiler finds Node's types.
  const folder = mkdtempSync(join(root, "node_modules/.examples-"));
  try {
    examples.forEach((code, index) => {
      writeFileSync(join(folder, `example-${index}.mts`), `${head}\n{\n${code}}\n`);
    });
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: { noUnusedLocals: false },
      include: ["*.mts"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-p", folder],
      {
        encoding: "utf8",
      },
    );
    expect(stdout).toBe("");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
