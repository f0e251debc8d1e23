import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getOption, hasOption } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";

const root = join(import.meta.dirname, "../..");
const textOf = new Map(
  globSync("src/**/*.ts", { cwd: root }).map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

const codeOfReason = new Map(
  ErrorReasonSchema.values
    .filter((value) => hasOption(value, reason_spec))
    .map((value) => [value.name, Code[getOption(value, reason_spec).code]]),
);

it("every error reason that the sources name is one of the contract", () => {
  const named = [...textOf.values()].flatMap((text) =>
    [...text.matchAll(/\bErrorReason\.([A-Z_]+)/g)].map(([, name = ""]) => name),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !codeOfReason.has(name))).toEqual([]);
});

it("every error reason that transcoding declares is one of the contract, which transcoding does not import", () => {
  const text = textOf.get("src/transcoding/http/error-body.ts") ?? "";
  const [declaration = ""] = /type TranscodingReason =[^;]+;/.exec(text) ?? [];
  const declared = [...declaration.matchAll(/"([A-Z_]+)"/g)].map(([, name = ""]) => name);
  expect(declared.length).toBeGreaterThan(0);
  expect(declared.filter((name) => !codeOfReason.has(name))).toEqual([]);
});

it("every error of transcoding has the code that the contract gives to its reason", () => {
  const raised = [...textOf]
    .filter(([path]) => path.startsWith("src/transcoding/"))
    .flatMap(([, text]) =>
      [...text.matchAll(/\bCode\.(\w+),(?:(?!\bCode\.)[^;])*?"([A-Z_]+)"/g)].map(([, code, reason = ""]) => ({
        reason,
        code,
      })),
    );
  // Each of these is raised in a place of its own.
  for (const reason of ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "REQUEST_TOO_LARGE", "SERVER_FAILURE"]) {
    expect(raised.map((each) => each.reason)).toContain(reason);
  }
  expect(raised.filter(({ reason, code }) => codeOfReason.get(reason) !== code)).toEqual([]);
});
