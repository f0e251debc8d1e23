import { execFile } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startProgram } from "../support/program.ts";
import { oldestNodes, type TestedNode, thisNode } from "./nodes.ts";
import {
  createReadmeProject,
  mountSnippets,
  type ReadmeProject,
  readmeCommands,
  readmeFiles,
} from "./readme-project.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const certificates = join(root, "test/support/certificates");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const tarball = inject("transcodingTarball");

/** The oldest release that a range such as `^2.12.0` allows. */
const oldest = (range: string) => range.replace("^", "");

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

/** Source text of the README's server, which prints its port instead of having a fixed one. */
const server = (readmeFiles.get("server.ts") ?? "").replace(
  ".listen(8080);",
  '.listen(0, "127.0.0.1", function (this: import("node:http").Server) { console.log("port " + (this.address() as { port: number }).port); });',
);

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
    project.write("listening.ts", server);
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

describe("the transcoding library beside other packages", () => {
  let project: ReadmeProject;
  beforeAll(async () => {
    project = await createReadmeProject(await thisNode.path(), [
      tarball,
      ...["@types/node", "@bufbuild/protobuf", "@bufbuild/protoc-gen-es", "@bufbuild/protoplugin"].map(
        (name) => `${name}@${manifest.devDependencies[name]}`,
      ),
      "@connectrpc/connect@2",
      "@connectrpc/connect-node@2",
      "express@5",
      "@types/express@5",
      `fastify@${manifest.devDependencies.fastify}`,
    ]);
    await project.generate();
    project.write("listening.ts", server);
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  /** How each snippet goes on: a route of its own, and the port. */
  const programs: Readonly<Record<string, string>> = {
    "Before other routes": "listener.on('listening', () => print(listener.address()));",
    Express: `
      app.post("/hello", (request, response) => void response.end(\`hello \${request.body.name}\`));
      const listener = app.listen(0, "127.0.0.1", () => print(listener.address()));`,
    Fastify: `
      fastify.post<{ Body: { name: string } }>("/hello", ({ body }) => \`hello \${body.name}\`);
      await fastify.listen({ port: 0, host: "127.0.0.1" });
      print(fastify.server.address());`,
  };

  it.each(Object.entries(programs))(
    "the README's snippet %s compiles, and serves REST and the routes of its own",
    async (title, rest) => {
      const file = `mount-${title.replaceAll(" ", "-")}.ts`;
      const snippet = (mountSnippets.get(title) ?? "").replace(
        /^createServer(.*)\.listen\(8080\);$/m,
        'const listener = createServer$1.listen(0, "127.0.0.1");',
      );
      project.write(
        file,
        `import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
        import { json } from "node:stream/consumers";
        import { rest } from "./listening.ts";
        const print = (address: unknown) => console.log("mounted " + (address as { port: number }).port);
        export const other = async (request: IncomingMessage, response: ServerResponse) =>
          void response.end("hello " + ((await json(request)) as { name: string }).name);
        createServer;
        ${snippet}
        ${rest}`,
      );
      expect(await project.compile([file], { module: "nodenext", target: "es2024", types: ["node"] })).toBe(
        "",
      );
      const program = startProgram([join(project.folder, file)], {
        command: [project.node],
        env: project.env,
      });
      const printed = /^mounted (\d+)$/m;
      const url = `http://127.0.0.1:${printed.exec(await program.printed(printed))?.[1]}`;
      const post = (path: string, body: object) =>
        fetch(`${url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      expect(await (await post("/v1/shelves/1/books?bookId=dune", { title: "Dune" })).json()).toEqual({
        name: "shelves/1/books/dune",
        title: "Dune",
      });
      expect(await (await fetch(`${url}/v1/shelves/1/books`)).json()).toHaveLength(1);
      expect((await fetch(`${url}/v1/shelves/1/books/emma`)).status).toBe(404);
      expect(await (await post("/hello", { name: "you" })).text()).toBe("hello you");
    },
  );

  it("a CommonJS bundle of the README's server, which requires its packages, serves REST", async () => {
    await build({
      absWorkingDir: project.folder,
      entryPoints: ["listening.ts"],
      outfile: "listening.cjs",
      bundle: true,
      packages: "external",
      format: "cjs",
      platform: "node",
    });
    const program = startProgram([join(project.folder, "listening.cjs")], {
      command: [project.node],
      env: project.env,
    });
    const [, port] = /^port (\d+)$/m.exec(await program.printed(/^port \d+$/m)) ?? [];
    const response = await fetch(`http://127.0.0.1:${port}/v1/shelves/1/books/emma`);
    expect(response.status).toBe(404);
    expect((await response.json()).error.details).toContainEqual({
      "@type": "type.googleapis.com/bookstore.v1.Waitlist",
      people: 3,
    });
  });

  it("codecs that are generated with the runtime of the transcoding library read and write requests", async () => {
    const plugin = {
      local: ["node", join(root, "src/codec/plugin/main.ts")],
      out: "gen",
      strategy: "all",
      opt: ["target=ts", "import_extension=ts", "runtime=connect-http-transcoding/codec/runtime"],
    };
    await project.generate({ template: { version: "v2", plugins: [plugin] } });
    project.write(
      "codecs.ts",
      `import { createServer } from "node:http";
      import { createClient } from "@connectrpc/connect";
      import { createTranscodingHandler } from "connect-http-transcoding";
      import { createRestTransport } from "connect-http-transcoding/client";
      import { createCodecs } from "connect-http-transcoding/codec";
      import { BookCodec, codecs_bookstore_v1_bookstore } from "./gen/bookstore/v1/bookstore_codec.ts";
      import { Bookstore } from "./gen/bookstore/v1/bookstore_pb.ts";
      import { routes } from "./listening.ts";
      const codecs = createCodecs(codecs_bookstore_v1_bookstore);
      const server = createServer(createTranscodingHandler({ routes, codecs })).listen(0, "127.0.0.1", async () => {
        const baseUrl = "http://127.0.0.1:" + (server.address() as { port: number }).port;
        const client = createClient(Bookstore, createRestTransport({ baseUrl, codecs }));
        const book = await client.createBook({ parent: "shelves/1", bookId: "dune", book: { pages: 412n } });
        console.log(BookCodec.writeJson(book));
        process.exit();
      });`,
    );
    const options = { module: "nodenext", target: "es2024", types: ["node"] };
    expect(await project.compile(["codecs.ts"], options)).toBe("");
    const { stdout } = await run(project.node, [join(project.folder, "codecs.ts")], { env: project.env });
    expect(stdout.replace(/^port \d+\n/m, "")).toBe('{"name":"shelves/1/books/dune","pages":"412"}\n');
  });

  it("details and rules of generated code of the user's own reach the handler and the client", async () => {
    const file = "google-protos/google/rpc/error_details.proto";
    await project.generate({ input: ["google-protos", "--path", file] });
    project.write(
      "details.ts",
      `import { createServer } from "node:http";
      import { create } from "@bufbuild/protobuf";
      import { Code, ConnectError, createClient } from "@connectrpc/connect";
      import { createTranscodingHandler } from "connect-http-transcoding";
      import { createRestTransport } from "connect-http-transcoding/client";
      import { Bookstore } from "./gen/bookstore/v1/bookstore_pb.ts";
      import { HttpRuleSchema } from "./gen/google/api/http_pb.ts";
      import { BadRequestSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.ts";
      const getBook = () => {
        throw new ConnectError("later", Code.Unavailable, {}, [
          { desc: RetryInfoSchema, value: { retryDelay: { seconds: 3n } } },
          { desc: BadRequestSchema, value: { fieldViolations: [{ field: "name", description: "is lent" }] } },
        ]);
      };
      const rules = [
        create(HttpRuleSchema, {
          selector: "bookstore.v1.Bookstore.GetBook",
          pattern: { case: "get", value: "/v2/{name=**}" },
        }),
      ];
      const handler = createTranscodingHandler({ routes: (router) => router.service(Bookstore, { getBook }), rules });
      const server = createServer(handler).listen(0, "127.0.0.1", async () => {
        const baseUrl = "http://127.0.0.1:" + (server.address() as { port: number }).port;
        const { status } = await fetch(baseUrl + "/v2/books/dune");
        const client = createClient(Bookstore, createRestTransport({ baseUrl, rules }));
        const error = ConnectError.from(await client.getBook({ name: "books/dune" }).catch((cause) => cause));
        const [violation] = error.findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
        const [retry] = error.findDetails(RetryInfoSchema);
        console.log(status, violation?.description, retry?.retryDelay?.seconds, error.metadata.get("retry-after"));
        process.exit();
      });`,
    );
    const options = { module: "nodenext", target: "es2024", types: ["node"] };
    expect(await project.compile(["details.ts"], options)).toBe("");
    const { stdout } = await run(project.node, [join(project.folder, "details.ts")], { env: project.env });
    expect(stdout).toBe("503 is lent 3n 3\n");
  });
});
