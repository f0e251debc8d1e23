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
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
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

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "mdps-artefacts-"));
const artefacts = join(folder, "artefacts");
const script = join(root, "scripts/release/release.ts");

/** Unpacks an archive with the tar of this machine and returns the folder. */
async function unpack(name: string): Promise<string> {
  const to = join(folder, name.replace(".tar.gz", ""));
  mkdirSync(to);
  await run("tar", ["-xzf", join(artefacts, name), "-C", to]);
  return to;
}

let protos: string;
let examples: string;
beforeAll(async () => {
  await run(process.execPath, [script, artefacts]);
  protos = await unpack("proto.tar.gz");
  examples = await unpack("examples.tar.gz");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("release artefacts", () => {
  it("the release script writes the same artefacts and SHA256SUMS each time", async () => {
    const sums = readFileSync(join(artefacts, "SHA256SUMS"), "utf8");
    const generated = readdirSync(join(root, "gen")).filter((name) => name.endsWith(".json"));
    expect(generated).toContain("openapi.json");
    const names = ["contract.binpb", "examples.tar.gz", "proto.tar.gz", ...generated].toSorted();
    expect(readdirSync(artefacts).toSorted()).toEqual(["SHA256SUMS", ...names]);
    for (const name of names) {
      const sum = createHash("sha256")
        .update(readFileSync(join(artefacts, name)))
        .digest("hex");
      expect(sums).toContain(`${sum}  ${name}\n`);
    }
    const again = join(folder, "again");
    await run(process.execPath, [script, again]);
    expect(readFileSync(join(again, "SHA256SUMS"), "utf8")).toBe(sums);
  });

  it("proto.tar.gz compiles on its own to the contract of contract.binpb", async () => {
    const image = join(folder, "compiled.binpb");
    const buf = join(root, "node_modules", "@bufbuild", "buf", "bin", "buf");
    const args = [buf, "build", protos, "--exclude-source-info", "-o", image];
    await run(process.execPath, args);
    const filesIn = (path: string) =>
      new Map(
        fromBinary(FileDescriptorSetSchema, readFileSync(path)).file.map(
          (file) => [file.name, file] as const,
        ),
      );
    const compiled = filesIn(image);
    const published = filesIn(join(artefacts, "contract.binpb"));
    expect([...published.keys()].toSorted()).toEqual([...compiled.keys()].toSorted());
    for (const [name, { messageType, enumType, service }] of published) {
      expect(compiled.get(name)).toMatchObject({ messageType, enumType, service });
    }
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
      MDPS_URL: server.url,
      MDPS_TOKEN: await server.makeToken({ asns: [65001], scopes: [pushScope] }),
      MDPS_READ_TOKEN: await server.makeToken({ asns: [65001], scopes: [readScope] }),
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
