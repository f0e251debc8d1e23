import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const redocly = new URL("../../node_modules/.bin/redocly", import.meta.url).pathname;
const read = (name: string) => readFileSync(new URL(`../../gen/${name}`, import.meta.url), "utf8");
const document = read("openapi.json");

/** All rules that Redocly recommends, as errors, and those that compare examples with their schemas. */
const configuration = `
extends: [recommended-strict]
rules:
  no-invalid-media-type-examples: error
  no-invalid-parameter-examples: error
  no-invalid-schema-examples: error
  operation-operationId-unique: error
  operation-operationId-url-safe: error
  no-schema-type-mismatch: error
  no-http-verbs-in-paths: error
  # A rule for two properties, "not: required: [byteBalance, timeBalance]", stands next to the schema that defines them.
  no-required-schema-properties-undefined: off
`;

type Problem = {
  readonly ruleId: string;
  readonly message: string;
  readonly location: readonly [{ readonly pointer: string }];
};

/** Returns the problems of a document: the rule and the place, for example `no-unused-components #/components/schemas/A`. */
async function lint(text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "mdps-redocly-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "redocly.yaml"), configuration);
  writeFileSync(join(folder, "openapi.json"), text);
  const printed = await new Promise<string>((resolve) => {
    execFile(
      redocly,
      ["lint", "openapi.json", "--format", "json"],
      // It neither reports its use nor looks for newer versions.
      {
        cwd: folder,
        env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
      },
      (_, stdout, stderr) => resolve(stdout.startsWith("{") ? stdout : `${stdout}${stderr}`),
    );
  });
  const { problems } = JSON.parse(printed) as { problems: readonly Problem[] };
  return problems.map(({ ruleId, location: [{ pointer }] }) => `${ruleId} ${pointer}`);
}

it.each(["openapi.json", "emulator.openapi.json"])("%s has no problem that Redocly finds", async (name) => {
  expect(await lint(read(name))).toEqual([]);
});

it.each<[string, (json: Parsed) => void, string]>([
  [
    "an example of a body that its schema does not accept",
    ({ paths }) => {
      const [operation] = Object.values(paths).flatMap(({ post }) => post ?? []);
      Object.assign(operation?.requestBody.content["application/json"] ?? {}, {
        example: { planGroupId: 1 },
      });
    },
    "no-invalid-media-type-examples",
  ],
  [
    "an example of a property that its schema does not accept",
    ({ components }) => {
      Object.assign(components.schemas.Plan.properties.planId ?? {}, { example: 1 });
    },
    "no-invalid-schema-examples",
  ],
  [
    "an example of a parameter that its schema does not accept",
    ({ paths }) => {
      const [operation] = Object.values(paths).flatMap(({ get }) => get ?? []);
      Object.assign(operation?.parameters[0] ?? {}, { example: "operators/1" });
    },
    "no-invalid-parameter-examples",
  ],
])("Redocly finds %s", async (_, change, rule) => {
  const json = JSON.parse(document) as Parsed;
  change(json);
  expect((await lint(JSON.stringify(json))).map((problem) => problem.split(" ")[0])).toContain(rule);
});

/** What the tests change. */
type Parsed = {
  readonly paths: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>>;
  readonly components: {
    readonly schemas: { readonly Plan: { readonly properties: Record<string, object> } };
  };
};
type Operation = {
  readonly parameters: readonly object[];
  readonly requestBody: { readonly content: Readonly<Record<string, object>> };
};
