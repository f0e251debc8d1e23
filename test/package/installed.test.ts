import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { exampleStatus } from "../../src/examples/index.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram, startProgram } from "../support/program.ts";
import { compileConsumer, installPackage, type Project } from "./installed.ts";
import { newestNode, oldestNodes, thisNode } from "./nodes.ts";
import { npm } from "./npm.ts";
import { jest, runnersOf, runSnippet } from "./runners.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const name = "mobile-data-plan-sharing";
const repository = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** For each entry that is code, an import path and a name that it must export; for a pattern, one of its files. */
const modules: Readonly<Record<string, readonly [specifier: string, exported: string]>> = {
  ".": ["", "PlanStatusService"],
  "./contract": ["/contract", "validate"],
  "./client": ["/client", "createPlanSharingClient"],
  "./server": ["/server", "startServer"],
  "./testing": ["/testing", "startTestServer"],
  "./transcoding": ["/transcoding", "createTranscodingHandler"],
  "./transcoding/client": ["/transcoding/client", "createRestTransport"],
  "./codec": ["/codec", "createCodecs"],
  "./codec/runtime": ["/codec/runtime", "createCodec"],
  "./gen/*.js": ["/gen/mobiledataplansharing/v1/resources_pb.js", "PlanStatusSchema"],
};

/** For each entry that is not code, one of its files and the start of its content. */
const files: Readonly<Record<string, readonly [specifier: string, start: RegExp]>> = {
  "./gen/*": ["/gen/openapi.json", /^\{\s*"openapi": "3\.1/],
  "./proto/*": ["/proto/mobiledataplansharing/v1/resources.proto", /^\/\/ Copyright/],
  "./openapi.json": ["/openapi.json", /^\{\s*"openapi": "3\.1/],
  "./contract.binpb": ["/contract.binpb", /buf\/validate\/validate\.proto|google\/|mobiledataplansharing/],
  "./package.json": ["/package.json", /^\{\s*"name": "mobile-data-plan-sharing"/],
};

const tarball = inject("tarball");

it("every entry of the exports of package.json has a test", () => {
  expect([...Object.keys(modules), ...Object.keys(files)].toSorted()).toEqual(
    Object.keys(repository.exports).toSorted(),
  );
});

it("the package has no file of the Go module, which is published by a tag", async () => {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const paths = stdout.split(/\r?\n/);
  expect(paths).toContain("package/gen/openapi.json");
  expect(paths.filter((path) => /\.go$|go\.(mod|sum)$/.test(path))).toEqual([]);
});

// npm has the binaries of Node for Linux.
const nodes = process.platform === "linux" ? [...oldestNodes.slice(0, 1), thisNode, newestNode] : [thisNode];

describe.each(nodes)("the package installed under $name", ({ name: node, path }) => {
  let project: Project;
  beforeAll(async () => {
    project = await installPackage(tarball, await path());
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  /** Runs the installed program until it exits. */
  const mdps = (args: readonly string[], env: Record<string, string> = {}) =>
    runProgram(args, { command: project.program, env: { ...project.env, ...env } });

  it(`the package contains compiled code only and no development files under ${node}`, () => {
    const contents = readdirSync(project.packageFolder, { recursive: true, encoding: "utf8" });
    expect(contents.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))).toEqual([]);
    expect(contents.filter((file) => /^(test|bench|scripts|docs|node_modules)\b/.test(file))).toEqual([]);
    for (const file of ["README.md", "CHANGELOG.md", "LICENSE", "NOTICE"]) {
      expect(contents).toContain(file);
    }
    const installed = readdirSync(join(project.folder, "node_modules"));
    expect(installed.filter((each) => /^(node-|vitest|pg$|cassandra|google-)/.test(each))).toEqual([]);
  });

  it.each(Object.entries(modules))(
    `the entry %s can be imported under ${node}`,
    async (_, [specifier, exported]) => {
      const text = `console.log(Object.keys(await import("${name}${specifier}")).join(" "))`;
      expect((await project.evaluate(text)).trim().split(" ")).toContain(exported);
    },
  );

  it.each(Object.entries(files))(`the entry %s can be read under ${node}`, async (_, [specifier, start]) => {
    const text = `import { readFileSync } from "node:fs";
      process.stdout.write(readFileSync(new URL(import.meta.resolve("${name}${specifier}")), "latin1"));`;
    expect(await project.evaluate(text)).toMatch(start);
  });

  it(`the browser condition exports only the client side of transcoding under ${node}`, async () => {
    const text = `console.log(Object.keys(await import("${name}/transcoding")).join(" "))`;
    const names = (await project.evaluate(text, ["--conditions=browser"])).trim().split(" ");
    expect(names).toContain("createRestTransport");
    expect(names).not.toContain("createTranscodingHandler");
  });

  it(`the package contains the contract and all of its imports under ${node}`, () => {
    const image = readFileSync(join(project.packageFolder, "contract.binpb"));
    const { file } = fromBinary(FileDescriptorSetSchema, image);
    const known = new Set(file.map((each) => each.name));
    expect(known).toContain("mobiledataplansharing/v1/plan_status_service.proto");
    expect(readdirSync(join(project.packageFolder, "proto/mobiledataplansharing"))).toEqual([
      "emulator",
      "serving",
      "v1",
    ]);
    expect(file.flatMap(({ dependency }) => dependency).filter((each) => !known.has(each))).toEqual([]);
    for (const each of known) {
      const isThere = existsSync(join(project.packageFolder, "proto", each));
      // Every protobuf compiler includes google/protobuf.
      expect(isThere, each).toBe(!each.startsWith("google/protobuf/"));
    }
  });

  it(`user code compiles in strict mode against the package under ${node}`, async () => {
    expect(await compileConsumer(project.node, project.folder)).toBe("");
  });

  it(`the installed mdps prints its help and version under ${node}`, async () => {
    const help = await mdps(["--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: mdps /);
    expect((await mdps(["--version"])).stdout.trim()).toBe(repository.version);
  });

  it(`the installed mdps dev serves the console, and prints a command that pushes when a shell runs it under ${node}`, async () => {
    const env = { ...project.env, XDG_DATA_HOME: await dataDirectory() };
    const args = ["dev", "--port", "0", "--log-level", "error"];
    const dev = startProgram(args, { command: project.program, env });
    const banner = await dev.printed(/^Guide /m);
    const [url = ""] = /\bhttp:\/\/\S+(?=\s)/.exec(banner) ?? [];
    const page = await fetch(url);
    const [, script = ""] = / src="([^"]+)"/.exec(await page.text()) ?? [];
    const statuses = [page.status, (await fetch(new URL(script, url))).status];
    expect([...statuses, page.headers.get("content-type")]).toEqual([200, 200, "text/html; charset=utf-8"]);
    const [line = "false"] = /^.* example \| curl .*$/m.exec(banner) ?? [];
    const pushed = await runProgram(["-c", line], { command: ["sh"], env });
    expect(pushed, pushed.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(pushed.stdout)).toMatchObject({ name: "operators/65001/planStatuses/a%2Fb+c==" });
  });

  it(`the installed mdps serves, accepts pushes, and returns them under ${node}`, async () => {
    const data = await dataDirectory();
    const serve = startProgram(["serve", "--json", "--port", "0", "--data", data, "--log-level", "error"], {
      command: project.program,
      // As documented in docs/package.md.
      env: { ...project.env, NODE_OPTIONS: "--max-semi-space-size=32" },
    });
    const { url: endpoint } = JSON.parse(await serve.printed(/\n$/));
    const token = (await mdps(["token", "--operator", "65001", "--data", data])).stdout.trim();

    const users = `${endpoint}/v1/operators/65001/clients/mobiledataplan/users`;
    const pushed = await fetch(`${users}/one/planStatus`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(exampleStatus(new Date())),
    });
    expect(pushed.status).toBe(200);

    const records = join(data, "records.ndjson");
    const lines = ["two", "three"].map((userKey) =>
      JSON.stringify({ userKey, planStatus: exampleStatus(new Date()) }),
    );
    await writeFile(records, `${lines.join("\n")}\n`);
    const where = { MDPS_OPERATOR: "65001", MDPS_CLIENT: "mobiledataplan" };
    expect(await mdps(["validate", records], where)).toMatchObject({ exitCode: 0, stderr: "" });
    const runs = join(data, "runs");
    const push = await mdps(["push", records, "--endpoint", endpoint, "--runs", runs], {
      ...where,
      MDPS_TOKEN: token,
    });
    expect(push, push.stderr).toMatchObject({ exitCode: 0 });

    const readToken = (
      await mdps(["token", "--operator", "65001", "--access", "read", "--data", data])
    ).stdout.trim();
    for (const user of ["one", "two", "three"]) {
      const card = await mdps(["get", user, "--operator", "65001", "--endpoint", endpoint], {
        MDPS_TOKEN: readToken,
      });
      expect(card).toMatchObject({ exitCode: 0, stderr: "" });
      expect(card.stdout).toContain("ACME Plan 199");
    }
    if (process.platform !== "win32") {
      // It must not open a debugger, which would report itself on standard error.
      serve.process.kill("SIGUSR1");
    }
    serve.process.kill("SIGTERM");
    const { exitCode, stderr } = await serve.ended;
    // On Windows, SIGTERM cannot be handled and ends the process.
    expect(exitCode).toBe(process.platform === "win32" ? null : 0);
    // Node 22 warns that its SQLite is experimental (docs/package.md).
    expect(stderr.replace(/^\(node.*SQLite is an experimental feature.*\n\(Use `node .*\n/, "")).toBe("");
  });

  // Last, because jest is installed beside the package.
  it.runIf(node === thisNode.name)(
    "the test of docs/testing.md passes with node:test, vitest and jest, which end by themselves, and fails if the agent keeps its token",
    async () => {
      await npm(project.node, project.folder, ["install", jest]);
      for (const runner of runnersOf(project)) {
        const [good, broken] = await Promise.all([
          runSnippet(project, runner, "agent.test.mjs"),
          runSnippet(project, runner, "agent.test.mjs", {
            change: (text) => text.replace("refresh || !token", "!token"),
          }),
        ]);
        expect(good, `${runner.name}: ${good.stderr}`).toMatchObject({ exitCode: 0, passed: 7, failed: 0 });
        expect(good.stderr, runner.name).not.toMatch(/did not exit|close timed out|open handles/i);
        expect(broken, runner.name).toMatchObject({ exitCode: 1, passed: 6, failed: 1 });
      }
    },
  );

  it.runIf(node === thisNode.name)(
    "the tests of docs/testing.md of what an agent answers pass for a correct agent and fail for one that repeats a CPID",
    async () => {
      const [runner] = runnersOf(project);
      if (runner === undefined) {
        throw new Error("there is no runner");
      }
      let cpids = 0;
      let isRepeating = false;
      const agent = createServer(({ url = "" }, response) => {
        cpids += isRepeating ? 0 : 1;
        const body = url.startsWith("/cpid")
          ? { cpid: `cpid/${cpids}==`, ttlSeconds: 2_592_000 }
          : exampleStatus(new Date());
        response.setHeader("content-type", "application/json").end(JSON.stringify(body));
      }).listen(0, "127.0.0.1");
      await once(agent, "listening");
      onTestFinished(() => void agent.close());
      const env = { AGENT_URL: `http://127.0.0.1:${(agent.address() as AddressInfo).port}` };
      const good = await runSnippet(project, runner, "answers.test.mjs", { env });
      expect(good, good.stderr).toMatchObject({ exitCode: 0, passed: 2, failed: 0 });
      isRepeating = true;
      const repeating = await runSnippet(project, runner, "answers.test.mjs", { env });
      expect(repeating).toMatchObject({ exitCode: 1, passed: 1, failed: 1 });
    },
  );
});
