import { readFileSync } from "node:fs";
import { type DescService, fromJson, getOption, hasOption, type JsonObject } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { PlanServingService } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { ErrorReasonSchema, reason_spec } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupService } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { compileRouter } from "../../src/transcoding/index.ts";

type Described = { readonly description: string };
type Property = Described & { readonly readOnly?: boolean };
type Schema = { readonly properties?: Record<string, Property>; readonly required?: readonly string[] };

// The comments of the contract, as the document has them: descriptors in gen/ have none.
const { paths, components } = readDocument("openapi.json");
const emulator = readDocument("emulator.openapi.json");

const services: readonly DescService[] = [PlanStatusService, PlanGroupService, PlanServingService];
// The fields of the path are those of all methods.
const lenient = { ignoreUnknownFields: true };
const router = compileRouter(services);
const operations = operationsOf(paths);

/** Schemas of the JSON of errors, which is not a message of the contract. */
const ofErrors: ReadonlySet<string> = new Set([
  "ErrorResponse",
  "ErrorStatus",
  "ErrorDetail",
  "FieldViolation",
]);

describe("the comments of the contract", () => {
  it.each(
    Object.entries(components.schemas)
      .filter(([name]) => !name.includes(".") && !ofErrors.has(name))
      .flatMap(([name, { properties = {}, required = [] }]) =>
        Object.entries(properties).map(
          ([field, property]) => [`${name}.${field}`, property, required.includes(field)] as const,
        ),
      ),
  )(
    "the comment of %s begins with the behaviour of the field (AIP-203)",
    (_, { description, readOnly }, isRequired) => {
      const behavior = isRequired ? "Required" : readOnly ? "Output only" : "Optional";
      expect(description).toMatch(new RegExp(`^${behavior}\\. `));
    },
  );

  it.each([...operations, ...operationsOf(emulator.paths)])(
    "the comment of $summary lists its errors with the codes of errors.proto",
    ({ description }) => {
      const [, list = ""] = /Errors:\n\n(.+?)(?:\n\n|$)/s.exec(description) ?? [];
      const listed = list.split("\n- ").flatMap((item) => {
        const [code, reasons = ""] = item.replace(/^- /, "").split(": ");
        return reasons.split(/,\s+/).map((reason) => [reason, code]);
      });
      const codeOfReason = new Map(
        ErrorReasonSchema.values
          .filter((value) => hasOption(value, reason_spec))
          .map((value) => [value.name, upperSnake(Code[getOption(value, reason_spec).code])]),
      );
      // Any call can end with these.
      const names = listed.map(([reason]) => reason);
      expect(names).toEqual(expect.arrayContaining(["FIELD_INVALID", "REQUEST_TOO_LARGE", "SERVER_FAILURE"]));
      expect(listed).toEqual(listed.map(([reason = ""]) => [reason, codeOfReason.get(reason)]));
    },
  );

  it.each(operations)(
    "the comment of $summary has an example request that satisfies every rule",
    ({ summary, description }) => {
      const [, httpMethod = "", target = "", text = "{}"] =
        /Example:\n\n {4}(\w+) (\S+)(?:\n\n(.+))?$/s.exec(description) ?? [];
      const found = router.match(httpMethod, target);
      const binding = found !== undefined && "binding" in found ? found.binding : undefined;
      expect(binding?.method.name).toBe(summary);
      const { input } = binding?.method ?? expect.fail("no method");
      const bodyField = input.fields.find(({ name }) => name === binding?.body)?.jsonName;
      const body = JSON.parse(text) as JsonObject;
      const pathFields = {
        parent: "operators/65001",
        name: decodeURIComponent(target.slice("/v1/".length)),
        clientId: "youtube",
        userKey: "k",
      };
      const request = fromJson(
        input,
        { ...pathFields, ...(bodyField ? { [bodyField]: body } : body) },
        lenient,
      );
      expect(createContractRules()(input, request)).toEqual([]);
    },
  );
});

function upperSnake(name = ""): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

type Operations = Record<string, Record<string, Described & { readonly summary: string }>>;

function operationsOf(byPath: Operations) {
  return Object.values(byPath).flatMap((operationsOfPath) => Object.values(operationsOfPath));
}

function readDocument(name: string) {
  const text = readFileSync(new URL(`../../gen/${name}`, import.meta.url), "utf8");
  return JSON.parse(text) as {
    readonly paths: Operations;
    readonly components: { readonly schemas: Record<string, Schema> };
  };
}
