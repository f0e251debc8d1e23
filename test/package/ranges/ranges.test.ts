import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { publishedManifest } from "../../../scripts/build/published-manifest.ts";
import { exampleStatus } from "../../../src/examples/index.ts";
import { compileConsumer } from "../installed.ts";
import { environmentOf, npm } from "../npm.ts";
import { oldest } from "../oldest.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const name = "mobile-data-plan-sharing";
const tarball = inject("tarball");
const repository = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { dependencies, peerDependencies } = publishedManifest(repository);
const ranges: Readonly<Record<string, string>> = { ...dependencies, ...peerDependencies };

/** Import paths of the entries that are code. */
const entries = Object.entries<string | object>(repository.exports)
  .filter(([entry, target]) => !entry.includes("*") && JSON.stringify(target).includes(".ts"))
  .map(([entry]) => entry.replace(".", name));

/** A user's project that has some packages before the package is installed, and what npm said then. */
async function installBeside(packages: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mdps-ranges-"));
  const manifest = {
    private: true,
    type: "module",
    dependencies: { ...packages, [name]: `file:${tarball}` },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await npm(process.execPath, folder, ["install", "--engine-strict"]);
  return folder;
}

const versionOf = (folder: string, installed: string) =>
  JSON.parse(readFileSync(join(folder, "node_modules", installed, "package.json"), "utf8")).version;

/** Starts a server, pushes over each protocol, and reads what was pushed. */
const program = `
import { createPlanSharingClient, PlanStatusSchema, PlanStatusService, readError } from "${name}";
import { validate } from "${name}/client";
import { startTestServer } from "${name}/testing";
import { create, fromJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
await using server = await startTestServer({ operator: 65001 });
const token = await server.token({ scopes: ["push"] });
const parent = "operators/65001";
const planStatus = fromJson(PlanStatusSchema, ${JSON.stringify(exampleStatus(new Date()))});
const report = { violations: [validate(planStatus), validate(create(PlanStatusSchema))].map(({ violations }) => violations.length > 0) };
for (const protocol of ["connect", "grpc", "grpc-web", "rest"]) {
  const client = createPlanSharingClient({ endpoint: server.url, protocol, token });
  const { name } = await client.createPlanStatus({ parent, userKey: protocol, planStatus });
  const error = await client.createPlanStatus({ parent, userKey: "", planStatus }).catch(readError);
  report[protocol] = [name, error.reason];
}
const { name } = await createClient(PlanStatusService, createGrpcTransport({
  baseUrl: server.url,
  interceptors: [(next) => (request) => { request.header.set("authorization", "Bearer " + token); return next(request); }],
})).createPlanStatus({ parent, userKey: "own", clientId: "mobiledataplan", planStatus: create(PlanStatusSchema, planStatus) });
report.own = name;
process.stdout.write(JSON.stringify(report));
`;

describe.each([
  { which: "oldest", pick: oldest },
  { which: "newest", pick: (range: string) => range },
])("the package with the $which release of every dependency and peer", ({ which, pick }) => {
  let folder = "";
  beforeAll(async () => {
    folder = await installBeside(
      Object.fromEntries(Object.entries(ranges).map(([each, range]) => [each, pick(range)])),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(`the ${which} releases are installed, and one copy of those that the package shares with its user`, async () => {
    if (which === "oldest") {
      const versions = Object.keys(ranges).map((each) => [each, versionOf(folder, each)]);
      expect(Object.fromEntries(versions)).toEqual(
        Object.fromEntries(Object.entries(ranges).map(([each, range]) => [each, oldest(range)])),
      );
    }
    const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    const shared = ["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-node"];
    for (const each of shared) {
      const used = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${each}`));
      expect(used.filter((path) => !path.includes("@bufbuild/protoplugin/"))).toEqual([
        `node_modules/${each}`,
      ]);
    }
  });

  it(`user code compiles with the ${which} releases`, async () => {
    expect(await compileConsumer(process.execPath, folder)).toBe("");
  });

  it(`every entry is imported, and pushes arrive over every protocol, with the ${which} releases`, async () => {
    const imports = entries.map((entry) => `await import(${JSON.stringify(entry)});`);
    await writeFile(join(folder, "push.mjs"), imports.join("\n") + program);
    const { stdout } = await run(process.execPath, ["push.mjs"], {
      cwd: folder,
      env: environmentOf(process.execPath),
    });
    const resource = (key: string) => `operators/65001/planStatuses/${key}`;
    expect(JSON.parse(stdout)).toEqual({
      violations: [false, true],
      ...Object.fromEntries(
        ["connect", "grpc", "grpc-web", "rest"].map((each) => [each, [resource(each), "FIELD_INVALID"]]),
      ),
      own: resource("own"),
    });
  });
});
