import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  create,
  type DescEnumValue,
  type DescMessage,
  fromBinary,
  fromJson,
  getOption,
  type JsonValue,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ErrorReason,
  ErrorReasonSchema,
  reason_spec,
} from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { errorLines } from "../../../scripts/release/examples/error-lines.ts";
import { isForCallers } from "../../../scripts/release/examples/example.ts";
import { exampleMessages } from "../../../scripts/release/examples/examples.ts";
import { pushScope, readScope } from "../../../src/auth/scopes.ts";
import { systemClock } from "../../../src/contract/clock.ts";
import { createContractRules } from "../../../src/plans/contract-rules.ts";
import { httpStatusOf } from "../../../src/transcoding/client/index.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import type { Vectors } from "../../vectors/case.ts";
import { vectorsFile } from "../../vectors/read-vectors.ts";
import { commentsOf, withoutValidation } from "./plain/without-validation.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "mdps-artefacts-"));
const artefacts = join(folder, "artefacts");
const script = join(root, "scripts/release/release.ts");
/** test/tools/packages/ has the tests of the packages, which need more than Node. */
const withoutPackages = ["--packages", "none"];

/** Unpacks an archive with the tar of this machine and returns the folder. */
async function unpack(name: string): Promise<string> {
  const to = join(folder, name.replace(".tar.gz", ""));
  mkdirSync(to);
  await run("tar", ["-xzf", join(artefacts, name), "-C", to]);
  return to;
}

const buf = join(root, "node_modules", "@bufbuild", "buf", "bin", "buf");

/** Compiles the .proto files in a folder, with their source info. Returns them by name. */
async function compile(protos: string): Promise<Map<string, FileDescriptorProto>> {
  const image = `${protos}.binpb`;
  await run(process.execPath, [buf, "build", protos, "--as-file-descriptor-set", "-o", image]);
  return filesIn(image);
}

function filesIn(image: string): Map<string, FileDescriptorProto> {
  const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(image));
  return new Map(file.map((each) => [each.name, each] as const));
}

let protos: string;
let plain: string;
let examples: string;
beforeAll(async () => {
  await run(process.execPath, [script, artefacts, ...withoutPackages]);
  protos = await unpack("proto.tar.gz");
  plain = await unpack("contract-plain.tar.gz");
  examples = await unpack("examples.tar.gz");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("release artefacts", () => {
  it("the release script writes the same bytes each time, and the checksums of all files", async () => {
    const sums = readFileSync(join(artefacts, "SHA256SUMS"), "utf8");
    const names = readdirSync(artefacts).filter((name) => name !== "SHA256SUMS");
    expect(sums).toBe(
      names
        .toSorted()
        .map((name) => {
          const contents = readFileSync(join(artefacts, name));
          return `${createHash("sha256").update(contents).digest("hex")}  ${name}\n`;
        })
        .join(""),
    );
    const again = join(folder, "again");
    await run(process.execPath, [script, again, ...withoutPackages]);
    expect(readFileSync(join(again, "SHA256SUMS"), "utf8")).toBe(sums);
  });

  it("docs/consuming.md lists all release artefacts", () => {
    const page = readFileSync(join(root, "docs/consuming.md"), "utf8");
    const section = /^## Release artefacts\n([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
    const listed = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = ""]) => name);
    const packages = listed.filter((name) => name.includes("X.Y.Z"));
    expect(packages.length).toBeGreaterThan(0);
    expect(listed.filter((name) => !packages.includes(name)).toSorted()).toEqual(
      readdirSync(artefacts).toSorted(),
    );
  });

  it("all generated documents are release artefacts", () => {
    const generated = readdirSync(join(root, "gen")).filter((name) => name.endsWith(".json"));
    expect(generated).toContain("openapi.json");
    for (const name of generated) {
      expect(readFileSync(join(artefacts, name), "utf8")).toBe(readFileSync(join(root, "gen", name), "utf8"));
    }
  });

  it("every archive has the version of package.json and the licence, and VERSION is also an artefact", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(readFileSync(join(artefacts, "VERSION"), "utf8")).toBe(`${version}\n`);
    const archives = readdirSync(artefacts).filter((name) => name.endsWith(".tar.gz"));
    expect(archives.length).toBeGreaterThanOrEqual(4);
    for (const name of archives) {
      const read = (file: string) => run("tar", ["-xzOf", join(artefacts, name), file]);
      expect((await read("VERSION")).stdout).toBe(`${version}\n`);
      expect((await read("LICENSE")).stdout).toContain("Apache License");
      expect((await read("NOTICE")).stdout).not.toBe("");
    }
  });

  it("the artefacts contain no protos of the server: settings, health and reflection", () => {
    const unpacked = [protos, plain].map((each) => readdirSync(each, { recursive: true, encoding: "utf8" }));
    for (const names of [[...filesIn(join(artefacts, "contract.binpb")).keys()], ...unpacked]) {
      expect(names).toContain("mobiledataplansharing/v1/resources.proto");
      expect(names.filter((name) => /^(grpc|mobiledataplansharing\/config)\b/.test(name))).toEqual([]);
    }
  });

  it("proto.tar.gz compiles on its own to the contract of contract.binpb, with the messages of errors", async () => {
    const compiled = await compile(protos);
    const published = filesIn(join(artefacts, "contract.binpb"));
    expect([...published.keys()].toSorted()).toEqual([...compiled.keys()].toSorted());
    expect([...published.keys()]).toContain("google/rpc/error_details.proto");
    expect([...published.keys()]).toContain("google/rpc/status.proto");
    for (const [name, { messageType, enumType, service }] of published) {
      expect(compiled.get(name)).toMatchObject({ messageType, enumType, service });
    }
  });
});

describe("the test vectors of a release", () => {
  it("test-vectors.tar.gz has the vectors, and a README that names every key of a case", async () => {
    const vectors = await unpack("test-vectors.tar.gz");
    const text = readFileSync(join(vectors, "cases.json"), "utf8");
    expect(text).toBe(readFileSync(vectorsFile, "utf8"));
    const { cases, ...others } = JSON.parse(text) as Vectors;
    const readme = readFileSync(join(vectors, "README.md"), "utf8");
    const keys = cases.flatMap(({ error = {}, ...rest }) => [
      ...Object.keys(rest),
      ...Object.keys(error).map((key) => `error.${key}`),
    ]);
    for (const key of new Set([...Object.keys(others), ...keys])) {
      expect(readme).toMatch(new RegExp(`^\\|.*\`${key}\`.* \\|.* \\|$`, "m"));
    }
    for (const token of new Set(cases.map((each) => each.token))) {
      expect(readme).toContain(`\`${token}\``);
    }
  });
});

describe("the bundle without validation options", () => {
  it("contract-plain.tar.gz has the files of proto.tar.gz without those of protovalidate, and no comment names them", () => {
    const filesOf = (unpacked: string) =>
      readdirSync(unpacked, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
    const expected = filesOf(protos).filter((name) => !name.startsWith("buf/"));
    expect(filesOf(plain).toSorted()).toEqual(expected.toSorted());
    for (const name of filesOf(plain).filter((each) => each.endsWith(".proto"))) {
      expect(readFileSync(join(plain, name), "utf8"), name).not.toMatch(/buf[./]validate/);
    }
  });

  it("contract-plain.tar.gz compiles to the contract without validation options, with all other comments", async () => {
    const full = await compile(protos);
    const bare = await compile(plain);
    const published = filesIn(join(artefacts, "contract-plain.binpb"));
    const own = [...full.keys()].filter((name) => name.startsWith("mobiledataplansharing/"));
    expect(own.length).toBeGreaterThan(5);
    for (const name of own) {
      const [before, after, image] = [full, bare, published].map((files) => files.get(name));
      if (before === undefined || after === undefined || image === undefined) {
        throw new Error(`${name} is not in all of the bundles`);
      }
      expect(commentsOf(after)).toEqual(commentsOf(before));
      expect(withoutValidation(after)).toEqual(withoutValidation(before));
      // buf marks imports.
      delete image.$unknown;
      expect(withoutValidation(image)).toEqual(withoutValidation(before));
    }
  });

  it("contract-plain.tar.gz is formatted", async () => {
    const { stdout } = await run(process.execPath, [
      buf,
      "format",
      "--diff",
      join(plain, "mobiledataplansharing"),
    ]);
    expect(stdout).toBe("");
  });
});

const rules = createContractRules();

/** Errors with a more specific HTTP status than that of their code (RFC 9110 15.5). */
const preciseStatus = new Map<string, number>([
  ["METHOD_NOT_ALLOWED", 405],
  ["RESPONSE_NOT_ACCEPTABLE", 406],
  ["CONTENT_TYPE_UNSUPPORTED", 415],
]);

describe("example messages", () => {
  it("the examples have one JSON file per message", () => {
    const names = readdirSync(examples).filter((name) => name.endsWith(".json"));
    expect(names.toSorted()).toEqual(exampleMessages.map(({ name }) => `${name}.json`).toSorted());
    expect(names.length).toBeGreaterThanOrEqual(16);
  });

  it.each(exampleMessages.map((desc) => [desc.name, desc] as const))(
    "the example of %s satisfies every rule and sets every field",
    (name, desc: DescMessage) => {
      const json = JSON.parse(readFileSync(join(examples, `${name}.json`), "utf8")) as JsonValue;
      const message = fromJson(desc, json);
      expect(rules(desc, message)).toEqual([]);
      const fields = reflect(desc, message);
      const absent = desc.fields.filter((field) => isForCallers(field) && !fields.isSet(field));
      expect(absent.map(({ name }) => name)).toEqual([]);
      // An empty message could satisfy every rule by chance.
      expect(message).not.toEqual(create(desc));
    },
  );
});

describe("curl commands of the examples", () => {
  let server: TestServer;
  let env: Record<string, string | undefined>;
  const responses = new Map<string, string>();
  beforeAll(async () => {
    server = await startTestServer({ clock: { ...systemClock, set() {} } });
    env = {
      ...process.env,
      MDPS_ENDPOINT: server.url,
      MDPS_TOKEN: await server.makeToken({ asns: [65001], scopes: [pushScope] }),
      READ_TOKEN: await server.makeToken({ asns: [65001], scopes: [readScope] }),
    };
    // In the order of the README, because some commands read what earlier ones pushed.
    for (const { name } of exampleMessages) {
      responses.set(name, await shell(lineOf(name)));
    }
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Returns the command in a section of the examples' README. */
  const lineOf = (title: string) => {
    const readme = readFileSync(join(examples, "README.md"), "utf8");
    return new RegExp(`^## ${title}\n\n\`\`\`sh\n(.+)\n\`\`\`$`, "m").exec(readme)?.[1] ?? "exit 9";
  };
  const shell = async (line: string) =>
    (await run("bash", ["-euo", "pipefail", "-c", line], { cwd: examples, env })).stdout;

  it.each(exampleMessages.map(({ name }) => name))("the curl command of %s returns the resource", (name) => {
    expect(JSON.parse(responses.get(name) ?? "").name).toMatch(
      /^operators\/65001\/plan(Statuses|Groups)\/491701234567$/,
    );
  });

  it.each(errorLines)("the curl command of %s fails with this reason and its HTTP status", async (reason) => {
    const line = `${lineOf(reason)} -w '\n%{http_code}'`;
    const [body = "", httpStatus] = (await shell(line)).split(/\n(?=\d+$)/);
    const { error } = JSON.parse(body);
    expect(error.details.map((detail: { reason?: string }) => detail.reason)).toContain(reason);
    const { code } = getOption(ErrorReasonSchema.value[ErrorReason[reason]] as DescEnumValue, reason_spec);
    expect(Number(httpStatus)).toBe(preciseStatus.get(reason) ?? httpStatusOf[code as unknown as Code]);
  });
});
