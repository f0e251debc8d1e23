import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startProgram } from "../../support/program.ts";
import { thisNode } from "../nodes.ts";
import { createReadmeProject, mountSnippets, type ReadmeProject, readmeServer } from "./readme-project.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..", "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const tarball = inject("transcodingTarball");

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
    project.write("listening.ts", readmeServer);
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
