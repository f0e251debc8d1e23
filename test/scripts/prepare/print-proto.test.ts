import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, createRegistry, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FileOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printProto } from "../../../scripts/prepare/print-proto.ts";

const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "print-proto-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("printProto", () => {
  it("printProto prints buf/validate/validate.proto so that it compiles to the shipped descriptor", () => {
    writeFileSync(join(folder, "validate.proto"), printProto(file_buf_validate_validate));
    const compiled = compile("validate.proto");
    compiled.name = file_buf_validate_validate.proto.name;
    expect(comparable(compiled)).toEqual(comparable(file_buf_validate_validate.proto));
  });

  it.each([
    ["x.proto: cannot print syntax proto3", { syntax: "proto3" }],
    ["x.proto: cannot print services", { service: [{ name: "S" }] }],
    ["M: cannot print map fields", { messageType: [{ name: "M", options: { mapEntry: true } }] }],
    [
      "f: cannot print default values",
      { messageType: [{ name: "M", field: [{ name: "f", defaultValue: "1" }] }] },
    ],
    ["f: cannot print groups", { messageType: [{ name: "M", field: [{ name: "f", type: 10 }] }] }],
  ] as const)("printProto throws the error %s", (message, init) => {
    const proto = create(FileDescriptorProtoSchema, { name: "x.proto", ...init } as never);
    expect(() => printProto({ ...file_buf_validate_validate, proto })).toThrow(new Error(message));
  });

  it("printProto throws for an unknown option", () => {
    const options = create(FileOptionsSchema);
    options.$unknown = [{ no: 9999, wireType: 0, data: new Uint8Array([1]) }];
    const proto = create(FileDescriptorProtoSchema, { name: "x.proto", options });
    expect(() => printProto({ ...file_buf_validate_validate, proto })).toThrow(
      new Error("cannot print option 9999 of google.protobuf.FileOptions"),
    );
  });
});

function compile(name: string): FileDescriptorProto {
  const bytes = execFileSync(process.execPath, [
    buf,
    "build",
    folder,
    "--as-file-descriptor-set",
    "--exclude-imports",
    "-o",
    "-",
  ]);
  const file = fromBinary(FileDescriptorSetSchema, bytes).file.find((candidate) => candidate.name === name);
  if (!file) {
    throw new Error(`buf did not build ${name}`);
  }
  return file;
}

/**
 * Converts a file to JSON with resolved options, because their bytes may differ in order. Removes json_name and source
 * information, which compilers may leave out.
 */
function comparable(file: FileDescriptorProto): unknown {
  const copy = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, file));
  for (const field of [...copy.extension, ...copy.messageType.flatMap((message) => message.field)]) {
    field.jsonName = "";
  }
  delete copy.sourceCodeInfo;
  return toJson(FileDescriptorProtoSchema, copy, { registry: createRegistry(file_buf_validate_validate) });
}
