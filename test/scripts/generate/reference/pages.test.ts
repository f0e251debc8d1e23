import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescFile } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { file_mobiledataplansharing_emulator_v1_emulator_service as emulatorFile } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { file_mobiledataplansharing_serving_v1_plan_serving_service as servingFile } from "../../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { ErrorReasonSchema } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { file_mobiledataplansharing_v1_plan_group_service as groupFile } from "../../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { file_mobiledataplansharing_v1_plan_status_service as statusFile } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { anchorOf } from "../../../../scripts/generate/reference/markdown.ts";
import { referencePages } from "../../../../scripts/generate/reference/pages.ts";
import { compile } from "../openapi/compile.ts";

const folder = join(import.meta.dirname, "../../../../docs/reference");
const committed = new Map(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);

/** The files of the contract: those that the services import, of its packages. */
const contract = [statusFile, groupFile, servingFile, emulatorFile, ErrorReasonSchema.file].flatMap(
  withImports,
);

function withImports(file: DescFile): DescFile[] {
  return file.proto.package.startsWith("mobiledataplansharing.")
    ? [file, ...file.dependencies.flatMap(withImports)]
    : [];
}

const shop = `
  syntax = "proto3";
  // A shop of <things> {and} more.
  package acme.shop.v1;
  import "buf/validate/validate.proto";
  import "google/api/annotations.proto";
  import "google/api/client.proto";
  import "google/protobuf/timestamp.proto";

  // Sells <b>items</b>.
  service ShopService {
    option (google.api.oauth_scopes) = "https://acme.test/shop";
    // Sells an item. See \`Item.name\`, \`Kind\` and KIND_OLD | <script>.
    //
    // Errors:
    //
    // - NOT_FOUND: A_REASON,
    //   B_REASON
    //
    // Example:
    //
    //     POST /v1/items
    //
    //     {"name": "<x>"}
    rpc Sell(Item) returns (Item) {
      option (google.api.http) = {post: "/v1/{name=items/*}" body: "*"};
    }
    // Watches.
    rpc Watch(Item) returns (stream Item);
  }
  // An item.
  message Item {
    option (buf.validate.message).cel = {id: "size.even" message: "must be | even" expression: "this.size % 2 == 0"};
    // Required. A \`a|b\` name with a | and <i>, {braces}
    // on two lines.
    //
    // - one
    // - two
    string name = 1 [(buf.validate.field).required = true, (buf.validate.field).string = {
      min_len: 2 max_len: 1000 pattern: "^(a|b)+$"
    }];
    int32 size = 2 [(buf.validate.field).int32 = {gt: 0 in: [1, 2]}];
    map<string, Part> parts = 3;
    repeated Kind kinds = 4 [(buf.validate.field).repeated = {max_items: 3 items: {enum: {not_in: [0]}}}];
    oneof when { google.protobuf.Timestamp at = 5; string text = 6 [deprecated = true, (buf.validate.field).string.uuid = true]; }
    string long = 7 [(buf.validate.field).string.pattern = "^[\\u2028]{0,90}${"x".repeat(90)}$"];
    // A part.
    message Part {}
  }
  // Kinds.
  enum Kind {
    // None.
    KIND_UNSPECIFIED = 0;
    // Old | new.
    KIND_OLD = 1 [deprecated = true];
  }
`;

const about = { title: "Shop", protoFolder: "../proto" };
const compiled = compile({ "acme/shop/v1/shop_things.proto": shop });
const pages = referencePages(compiled.files, compiled.allFiles, about);
const page = pages.get("shop-things.md") ?? "";

describe("the reference in docs/reference", () => {
  const text = [...committed.values()].join("\n");

  it("has a page for every file of the contract and an index", () => {
    const names = contract.map(({ name }) => `${name.split("/").at(-1)?.replaceAll("_", "-")}.md`);
    expect([...committed.keys()].toSorted()).toEqual([...new Set([...names, "README.md"])].toSorted());
  });

  it("has every service, method, message, field, enum and value of the contract, and a heading for each reason", () => {
    const missing = contract.flatMap((file) => [
      ...file.services.flatMap(({ name, methods }) => [
        `\n## ${name}\n`,
        ...methods.map((rpc) => `\n### ${rpc.name}\n`),
      ]),
      ...file.messages.flatMap(({ name, fields }) => [
        `# ${name}\n`,
        ...fields.map(({ jsonName }) => `| \`${jsonName}\``),
      ]),
      ...file.enums.flatMap((each) => [
        `\n## ${each.name}\n`,
        ...each.values.map(({ name, number }) =>
          each.typeName !== ErrorReasonSchema.typeName
            ? `| \`${name}\` |`
            : number === 0
              ? ""
              : `\n### ${name}\n`,
        ),
      ]),
    ]);
    expect(missing.length).toBeGreaterThan(100);
    expect(missing.filter((part) => !text.includes(part))).toEqual([]);
  });

  it("names code, HTTP status and metadata of an error reason, and the methods that send it", () => {
    expect(committed.get("errors.md")).toContain(
      "number 7 · code `ABORTED` · HTTP status 409 · metadata `updateTime`, `storedUpdateTime`. Sent by [CreateUserPlanStatus](plan-status-service.md#createuserplanstatus), [CreatePlanStatus](plan-status-service.md#createplanstatus).",
    );
  });

  it("has errors in tables only, wherever the comment of a method lists them", () => {
    const listed = [...committed].filter(([, page]) => /^Errors:$/m.test(page));
    expect(listed.map(([name]) => name)).toEqual([]);
  });

  it("has only characters that readers can see", () => {
    expect(text).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\t/u);
  });
});

describe("referencePages", () => {
  it("escapes markup in comments, but not in code, and pipes in tables also in code", () => {
    expect(page).toContain("Sells &lt;b>items&lt;/b>.");
    expect(page).toContain(
      "A `a\\|b` name with a \\| and &lt;i>, &#123;braces} on two lines.<br><br>- one<br>- two |",
    );
    expect(page.replaceAll(/```[\s\S]*?```|`[^`]*`/g, "")).not.toMatch(/<(?!br>|!--)|\{/);
  });

  it("has the same number of cells in every row of a table", () => {
    const tables = page
      .trim()
      .split("\n\n")
      .filter((block) => block.startsWith("|"));
    expect(tables.length).toBeGreaterThan(4);
    for (const block of tables) {
      const cells = block.split("\n").map((row) => row.split(/(?<!\\)\|/).length);
      expect(new Set(cells).size, block).toBe(1);
    }
  });

  it.each([
    [
      "a string",
      "| `name` | string | path | required | at least 2 characters; at most 1,000 characters; matches `^(a\\|b)+$` |",
    ],
    ["a number", "| `size` | int32 | body | optional | greater than 0; one of `1`, `2` |"],
    ["a map", "| `parts` | map of string to [Item.Part](#itempart) | body | optional |  |"],
    [
      "a list",
      "| `kinds` | [Kind](#kind)[] | body | optional | at most 3 items; each item: none of `KIND_UNSPECIFIED` |",
    ],
    ["a member of a oneof", "#timestamp) | body | optional<br>one of `when` |"],
    [
      "a deprecated field with a rule that has no words",
      "| `text`<br>**deprecated** | string | body | optional<br>one of `when` | `uuid: true` |",
    ],
    ["a long pattern", "| `long` | string | body | optional | matches the pattern in the proto file |"],
    ["a rule about a message", "- `size` must be | even"],
    ["a deprecated value", "| `KIND_OLD` | 1 | Old \\| new. **Deprecated.** |"],
    ["a message without fields", "## Item.Part\n\nA part.\n\nThis message has no fields."],
    ["a stream", "| response | [Item](#item), a stream |"],
    ["a method without a route", "| [Watch](#watch) |  |"],
    ["errors", "| 404 | NOT_FOUND | `A_REASON`, `B_REASON` |"],
    ["an example", '```http\nPOST /v1/items\n\n{"name": "<x>"}\n```'],
    ["links", "See [`Item.name`](#item), [`Kind`](#kind) and [KIND_OLD](#kind) | &lt;script>."],
  ])("describes %s", (_, expected) => {
    expect(page).toContain(expected);
  });

  it("describes a request once, below the first method that has it", () => {
    expect(page.match(/^#+ Item$/gm)).toEqual(["#### Item"]);
  });

  it("has only links to pages and headings that exist", () => {
    const anchors = (text: string) =>
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
    const links = [...pages].flatMap(([name, text]) =>
      [...text.matchAll(/\]\((?!https?:|\.\.\/)([^)#]*)(?:#([^)]*))?\)/g)].map(
        ([, target = "", anchor]) => [target || name, anchor] as const,
      ),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(
      links.filter(
        ([target, anchor]) =>
          !pages.has(target) || (anchor !== undefined && !anchors(pages.get(target) ?? "").includes(anchor)),
      ),
    ).toEqual([]);
  });

  it("returns the same pages in any order of the files", () => {
    const { files, allFiles } = compile({
      "a/v1/a.proto": 'syntax = "proto3"; package a.v1; import "b/v1/b.proto"; message A { b.v1.B b = 1; }',
      "b/v1/b.proto": 'syntax = "proto3"; package b.v1; message B {}',
    });
    const given = referencePages(files, allFiles, about);
    expect(referencePages(files.toReversed(), allFiles, about)).toEqual(given);
    expect([...given.keys()]).toEqual(["README.md", "a.md", "b.md"]);
  });

  it("throws if two files would have the same page", () => {
    const source = (name: string) => `syntax = "proto3"; package ${name}.v1;`;
    const { files, allFiles } = compile({ "a/v1/x.proto": source("a"), "b/v1/x.proto": source("b") });
    expect(() => referencePages(files, allFiles, about)).toThrow("several files have the page x.md");
  });
});
