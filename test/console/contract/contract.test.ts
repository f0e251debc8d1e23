import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { file_mobiledataplansharing_emulator_v1_emulator_service as emulatorFile } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { file_mobiledataplansharing_serving_v1_plan_serving_service as servingFile } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { ErrorReasonSchema } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { file_mobiledataplansharing_v1_plan_group_service as groupFile } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { file_mobiledataplansharing_v1_plan_status_service as statusFile } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanModuleSchema } from "../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { createContract, fullNameOf, membersOf } from "../../../src/console/contract/contract.ts";
import { plainText } from "../../../src/console/contract/plain-text.ts";
import { builtContract } from "./built-contract.ts";

const contract = createContract(builtContract);

/** The files of the contract: those that the services import, of its packages. */
const files = new Set(
  [statusFile, groupFile, servingFile, emulatorFile, ErrorReasonSchema.file].flatMap(withImports),
);

function withImports(file: DescFile): DescFile[] {
  return file.proto.package.startsWith("mobiledataplansharing.")
    ? [file, ...file.dependencies.flatMap(withImports)]
    : [];
}

function withNested(message: DescMessage): (DescMessage | DescEnum)[] {
  return message.proto.options?.mapEntry
    ? []
    : [message, ...message.nestedMessages.flatMap(withNested), ...message.nestedEnums];
}

/** Everything that has a name, by the descriptors of the generated code. */
const types = [...files].flatMap((file) => [...file.messages.flatMap(withNested), ...file.enums]);
const services = [...files].flatMap((file) => file.services);
const described = [
  ...services,
  ...services.flatMap((service) => service.methods),
  ...types,
  ...types.flatMap((type) => (type.kind === "message" ? type.fields : [])),
  ...types.flatMap((type) => (type.kind === "enum" ? type.values : [])),
];

describe("the contract of the console", () => {
  it("has every service, method, message, field, enum and enum value", () => {
    const own = contract.document.types
      .filter((type) => type.package.startsWith("mobiledataplansharing."))
      .flatMap((type) => [type, ...membersOf(type)]);
    expect(own.length).toBeGreaterThan(350);
    expect(own.map(({ fullName }) => fullName).toSorted()).toEqual(described.map(fullNameOf).toSorted());
  });

  it("has a comment for everything", () => {
    const silent = described
      .map((each) => contract.find(fullNameOf(each)))
      .filter((entry) => !entry?.summary);
    expect(silent.map((entry) => entry?.fullName)).toEqual([]);
  });

  it("describes the field of a descriptor: type, presence, rules and comment", () => {
    const entry = contract.find(fullNameOf(PlanModuleSchema.field.maxRateKbps));
    expect(entry).toMatchObject({
      kind: "field",
      name: "max_rate_kbps",
      jsonName: "maxRateKbps",
      type: ["int64"],
      json: 'string of digits, such as "42"',
      presence: "optional",
      rules: [["at least 0"]],
      summary: "Maximum rate that the module allows, in kbit/s (1000 bit/s).",
    });
  });

  it("links only to names that it has", () => {
    const targets = [...JSON.stringify(builtContract).matchAll(/"to":"([^"]+)"/g)].map(
      ([, to]) => to as string,
    );
    expect(targets.length).toBeGreaterThan(250);
    expect(targets.filter((to) => contract.find(to) === undefined)).toEqual([]);
  });

  it("names only methods and reasons that it has in the errors of methods", () => {
    const methods = builtContract.types.flatMap((type) => (type.kind === "service" ? type.methods : []));
    const values = builtContract.types.flatMap((type) => (type.kind === "enum" ? type.values : []));
    const named = [
      ...methods.flatMap(({ errors }) => errors).flatMap(({ reasons }) => reasons),
      ...values.flatMap(({ reason }) => reason?.sentBy ?? []),
      ...values.flatMap(({ reason }) => (reason ? [`google.rpc.Code.${reason.code}`] : [])),
    ];
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => contract.find(name) === undefined)).toEqual([]);
  });

  it("says of every reason of an error what to do", () => {
    const reasons = builtContract.types
      .flatMap((type) => (type.kind === "enum" ? type.values : []))
      .filter(({ reason }) => reason !== undefined);
    expect(reasons).toHaveLength(ErrorReasonSchema.values.length - 1);
    expect(reasons.filter(({ reason }) => reason?.advice.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it("leaves no marks of Markdown in its texts", () => {
    const texts = builtContract.types
      .flatMap((type) => [type, ...membersOf(type)])
      .flatMap(({ comment }) => comment)
      .flatMap((block) => (block.kind === "paragraph" ? [plainText(block.text)] : []));
    expect(texts.length).toBeGreaterThan(350);
    expect(texts.filter((text) => /`|\]\(|\*\*|^#|^- /.test(text))).toEqual([]);
  });
});
