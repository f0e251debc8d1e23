import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startProgram } from "../../support/program.ts";
import { oldestNodes, type TestedNode, thisNode } from "../nodes.ts";
import { oldest } from "../oldest.ts";
import {
  createReadmeProject,
  mountSnippets,
  type ReadmeProject,
  readmeCommands,
  readmeFiles,
  readmeServer,
} from "./readme-project.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..", "..");
const certificates = join(root, "test/support/certificates");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const tarball = inject("transcodingTarball");

/** What is installed beside the package. */
type Environment = {
  readonly name: string;
  readonly node: TestedNode;
  packages(peers: Peers): readonly string[];
  /** Changes the buf.gen.yaml of the README. */
  template?(text: string): string;
};
type Peers = Readonly<Record<"@bufbuild/protobuf" | "@connectrpc/connect", string>>;

const environments: readonly Environment[] = [
  {
    name: "the oldest peers",
    node: oldestNodes[0] ?? thisNode,
    // A newer option, for contracts with enums.
    template: (text) => text.replace(", erasable_syntax=true", ""),
    packages: (peers) => {
      const [protobuf, connect] = [oldest(peers["@bufbuild/protobuf"]), oldest(peers["@connectrpc/connect"])];
      return [
        `@bufbuild/protobuf@${protobuf}`,
        // It has the version of the runtime that its code needs.
        `@bufbuild/protoc-gen-es@${protobuf}`,
        `@connectrpc/connect@${connect}`,
        `@connectrpc/connect-node@${connect}`,
      ];
    },
  },
  {
    name: "the newest peers",
    node: thisNode,
    packages: (peers) => [
      `@bufbuild/protobuf@${peers["@bufbuild/protobuf"]}`,
      `@bufbuild/protoc-gen-es@${peers["@bufbuild/protobuf"]}`,
      `@connectrpc/connect@${peers["@connectrpc/connect"]}`,
      `@connectrpc/connect-node@${peers["@connectrpc/connect"]}`,
    ],
  },
];

it("the packed transcoding library has its README, its licence, and only what its entries reach", async () => {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const paths = stdout.split("\n").map((path) => path.replace(/^package\//, ""));
  expect(paths).toEqual(expect.arrayContaining(["README.md", "LICENSE", "NOTICE", "package.json"]));
  const others = paths.filter(
    (path) => !/^(src\/(transcoding|codec|contract)|gen-deps\/google)\//.test(path),
  );
  expect(others.toSorted()).toEqual(["", "LICENSE", "NOTICE", "README.md", "package.json"]);
  expect(paths.filter((path) => /plugin|operator|plan-|validate/.test(path))).toEqual([]);
});

it("the README of the transcoding library has a prompt or a file name for everything that is run", () => {
  expect([...readmeFiles.keys()]).toEqual([
    "proto/bookstore/v1/bookstore.proto",
    "buf.yaml",
    "buf.gen.yaml",
    "server.ts",
    "client.ts",
  ]);
  expect([...mountSnippets.keys()]).toEqual(["gRPC too", "Before other routes", "Express", "Fastify"]);
  expect(readmeCommands).toHaveLength(7);
});

describe.each(environments)("the transcoding library with $name", ({ name, node, packages, template }) => {
  let project: ReadmeProject;
  beforeAll(async () => {
    const { stdout } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
    const { peerDependencies } = JSON.parse(stdout) as { peerDependencies: Peers };
    const types = `@types/node@${manifest.devDependencies["@types/node"]}`;
    project = await createReadmeProject(await node.path(), [tarball, types, ...packages(peerDependencies)]);
    if (template !== undefined) {
      project.write("buf.gen.yaml", template(readmeFiles.get("buf.gen.yaml") ?? ""));
    }
    await project.generate();
    project.write("listening.ts", readmeServer);
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  /** Starts a file of the project and returns its port. */
  async function start(file: string): Promise<string> {
    const program = startProgram([join(project.folder, file)], { command: [project.node], env: project.env });
    const [, port = ""] = /^port (\d+)$/m.exec(await program.printed(/^port \d+$/m)) ?? [];
    return port;
  }

  it(`npm installs nothing but the peers with the transcoding library, with ${name}`, () => {
    const scopes = readdirSync(join(project.folder, "node_modules")).filter((each) => !each.startsWith("."));
    const expected = [
      "@bufbuild",
      "@connectrpc",
      "@types",
      "@typescript",
      "connect-http-transcoding",
      "typescript",
    ];
    // Types of Node, and what protoc-gen-es needs: TypeScript and its file systems.
    const others = scopes.filter(
      (each) => !expected.includes(each) && !/^(undici-types|debug|ms)$/.test(each),
    );
    expect(others).toEqual([]);
  });

  it(`the contract has its own generated google.api, with ${name}`, () => {
    expect(readdirSync(join(project.folder, "gen/google/api")).toSorted()).toEqual([
      "annotations_pb.ts",
      "http_pb.ts",
    ]);
  });

  it(`the server and the client of the README compile in strict mode, with ${name}`, async () => {
    const options = { module: "nodenext", target: "es2024", types: ["node"] };
    expect(await project.compile(["server.ts", "client.ts"], options)).toBe("");
  });

  it(`the client of the README compiles for browsers without the types of Node, with ${name}`, async () => {
    const options = {
      module: "esnext",
      moduleResolution: "bundler",
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      types: [],
    };
    expect(await project.compile(["client.ts"], options)).toBe("");
  });

  it(`the commands of the README print what it says, with ${name}`, async () => {
    const port = await start("listening.ts");
    const client = (readmeFiles.get("client.ts") ?? "").replace("localhost:8080", `127.0.0.1:${port}`);
    project.write("client.ts", client);
    const env = { ...project.env, NO_COLOR: "1" };
    for (const { command, output } of readmeCommands) {
      const line = command.replace("localhost:8080", `127.0.0.1:${port}`).replace(/^curl /, "curl -s ");
      const { stdout } = await run("sh", ["-c", line], { cwd: project.folder, env });
      if (output.startsWith("{")) {
        expect(JSON.parse(stdout), command).toEqual(JSON.parse(output));
      } else {
        expect(stdout.trim(), command).toBe(output);
      }
    }
  });

  it(`esbuild bundles the client for browsers by both entries without warnings or code for Node, with ${name}`, async () => {
    for (const entry of ["connect-http-transcoding", "connect-http-transcoding/client"]) {
      const { warnings, metafile } = await build({
        absWorkingDir: project.folder,
        stdin: {
          resolveDir: project.folder,
          contents: `export { createRestTransport } from "${entry}"; export { createClient } from "@connectrpc/connect";`,
        },
        bundle: true,
        platform: "browser",
        format: "esm",
        metafile: true,
        write: false,
      });
      expect(warnings).toEqual([]);
      const ofServer = Object.keys(metafile.inputs).filter((path) => path.includes("transcoding/server/"));
      expect(ofServer, entry).toEqual([]);
    }
  });

  it(`every entry of the transcoding library can be imported, with ${name}`, async () => {
    const specifiers = ["", "/client", "/codec", "/codec/runtime"].map(
      (path) => `connect-http-transcoding${path}`,
    );
    const text = `for (const each of ${JSON.stringify(specifiers)}) { console.log(Object.keys(await import(each)).length > 0); }`;
    const { stdout } = await run(project.node, ["--input-type=module", "--eval", text], {
      cwd: project.folder,
      env: project.env,
    });
    expect(stdout.trim().split("\n")).toEqual(specifiers.map(() => "true"));
  });

  it(`a program that is CommonJS can require the transcoding library, with ${name}`, async () => {
    project.write(
      "required.cjs",
      'console.log(typeof require("connect-http-transcoding").createTranscodingHandler);\n',
    );
    const { stdout, stderr } = await run(project.node, [join(project.folder, "required.cjs")], {
      env: project.env,
    });
    expect([stdout, stderr]).toEqual(["function\n", ""]);
  });

  it(`the listener for gRPC serves gRPC, Connect, and REST over both versions of HTTP, with ${name}`, async () => {
    project.write(
      "mount-grpc.ts",
      `
      import { readFileSync } from "node:fs";
      import { createClient } from "@connectrpc/connect";
      import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
      import { createRestTransport } from "connect-http-transcoding/client";
      import { Bookstore } from "./gen/bookstore/v1/bookstore_pb.ts";
      import { rest, routes } from "./listening.ts";
      const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path)) as [Buffer, Buffer];
      ${(mountSnippets.get("gRPC too") ?? "").replace("createSecureServer({", "const server = createSecureServer({").replace("8443", "0")}
      server.on("listening", async () => {
        const { port } = server.address() as { port: number };
        const baseUrl = \`https://localhost:\${port}\`;
        const transports = [
          createGrpcTransport({ baseUrl }),
          createConnectTransport({ baseUrl, httpVersion: "2" }),
          createConnectTransport({ baseUrl, httpVersion: "1.1" }),
          createRestTransport({ baseUrl }),
        ];
        for (const [index, transport] of transports.entries()) {
          const client = createClient(Bookstore, transport);
          const book = { title: \`T\${index}\`, pages: 1n };
          await client.createBook({ parent: "shelves/2", bookId: \`b\${index}\`, book });
          console.log((await Array.fromAsync(client.readBooks({ parent: "shelves/2" }))).map(({ title }) => title).join());
        }
        process.exit();
      });
    `,
    );
    const options = { module: "nodenext", target: "es2024", lib: ["esnext", "dom"], types: ["node"] };
    expect(await project.compile(["mount-grpc.ts"], options)).toBe("");
    const files = ["localhost-key.pem", "localhost-cert.pem"].map((file) => join(certificates, file));
    const env = { ...project.env, NODE_EXTRA_CA_CERTS: files[1] ?? "" };
    const { stdout } = await run(project.node, [join(project.folder, "mount-grpc.ts"), ...files], { env });
    expect(stdout.replace(/^port \d+\n/m, "")).toBe("T0\nT0,T1\nT0,T1,T2\nT0,T1,T2,T3\n");
  });
});
