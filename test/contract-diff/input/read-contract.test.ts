import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { packTar } from "../../../scripts/release/tar.ts";
import { diffContracts, readContract } from "../../../src/contract-diff/index.ts";
import { compile } from "../../../src/contract-diff/input/compile.ts";
import { compileQuickly, contractFolder } from "../fixtures/contracts.ts";

compileQuickly();

const work = mkdtempSync(join(tmpdir(), "mdps-read-contract-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));
let count = 0;

/** Writes a file into a folder of its own and returns its path. */
function fileWith(name: string, contents: string | Uint8Array): string {
  const path = join(work, String(++count), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

/** Returns the path of a folder with some files. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(work, String(++count));
  mkdirSync(folder);
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), contents);
  }
  return folder;
}

const proto = (name: string, text = "message A {\n  string a = 1;\n}\n") =>
  `syntax = "proto3";\n\npackage ${name};\n\n${text}`;
const tar = (files: Readonly<Record<string, string>>) =>
  packTar(Object.entries(files).map(([path, text]) => ({ path, contents: Buffer.from(text) })));
const descriptorSet = (...files: { name: string; package?: string; dependency?: string[] }[]) =>
  toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files }));

/** Changes a header of an archive and its checksum. */
function withHeader(archive: Uint8Array, offset: number, text: string): Uint8Array {
  const changed = Buffer.from(archive);
  changed.write(text, offset, "latin1");
  changed.write("        ", 148, "latin1");
  const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return changed;
}

/** The header of GNU tar for a file whose name no file system takes. */
const longPath = () => withHeader(tar({ link: `${"a".repeat(300)}.proto\0` }).subarray(0, 1024), 156, "L");

/** The packages of a contract that was read. */
function packages(path: string): string[] {
  const input = readContract(path);
  return input.form === "openapi" ? [] : input.contract.files.map(({ proto: file }) => file.package);
}

const files = { "acme/v1/a.proto": proto("acme.v1") };

describe("readContract reads", () => {
  it.each<[string, () => string]>([
    ["a folder of .proto files", () => folderWith(files)],
    [
      "a folder that contains the include path",
      () => folderWith({ "x/proto/acme/v1/a.proto": proto("acme.v1") }),
    ],
    [
      "a folder whose files do not lie in folders of their packages",
      () => folderWith({ "a.proto": proto("acme.v1") }),
    ],
    ["a tar archive", () => fileWith("proto.tar", tar(files))],
    ["a compressed tar archive", () => fileWith("proto.tgz", gzipSync(tar(files)))],
    [
      "an archive with one folder above all",
      () => fileWith("a.tgz", gzipSync(tar({ "release-1/acme/v1/a.proto": proto("acme.v1") }))),
    ],
    ["a descriptor set", () => fileWith("x.bin", descriptorSet({ name: "a.proto", package: "acme.v1" }))],
    [
      "a compressed descriptor set",
      () => fileWith("x.gz", gzipSync(descriptorSet({ name: "a.proto", package: "acme.v1" }))),
    ],
    [
      "a descriptor set whose files are in any order",
      () =>
        fileWith(
          "x.bin",
          descriptorSet(
            { name: "b.proto", package: "acme.v1", dependency: ["google/a.proto"] },
            { name: "google/a.proto", package: "google.a" },
          ),
        ),
    ],
    [
      "a folder with a contract.binpb",
      () =>
        folderWith({
          "contract.binpb": descriptorSet({ name: "a.proto", package: "acme.v1" }),
          "openapi.json": "{}",
        }),
    ],
    ["a folder with a proto.tar.gz", () => folderWith({ "proto.tar.gz": gzipSync(tar(files)) })],
  ])("readContract reads %s", (_, path) => {
    expect(packages(path())).toEqual(["acme.v1"]);
  });

  it("readContract compiles the .proto files of a folder that also has a contract.binpb", () => {
    const folder = folderWith({
      ...files,
      "contract.binpb": descriptorSet({ name: "a.proto", package: "other.v1" }),
    });
    expect(packages(folder)).toEqual(["acme.v1"]);
  });

  it("readContract ignores hidden folders and installed packages", () => {
    const folder = folderWith({ ...files, "node_modules/x/b.proto": "broken", ".git/c.proto": "broken" });
    expect(packages(folder)).toEqual(["acme.v1"]);
  });

  it("readContract reads an OpenAPI document", () => {
    expect(readContract(fileWith("openapi.json", '{"openapi": "3.1.0"}')).form).toBe("openapi");
  });

  it("readContract reads long paths of GNU tar and pax", () => {
    const path = `${"folder/".repeat(20)}acme/v1/a.proto`;
    const long = (type: string, text: string) => withHeader(tar({ link: text }).subarray(0, 1024), 156, type);
    const entry = tar({ short: proto("acme.v1") });
    const record = ` path=${path}\n`;
    const length = record.length + 3;
    const archives = [long("L", `${path}\0`), long("x", `${length}${record}`)];
    for (const header of archives) {
      expect(packages(fileWith("long.tar", Buffer.concat([header, entry])))).toEqual(["acme.v1"]);
    }
  });
});

describe("readContract rejects", () => {
  it.each<[string, () => string, RegExp]>([
    [
      "a file that does not exist",
      () => join(work, "missing.binpb"),
      /missing\.binpb: cannot be read: ENOENT/,
    ],
    ["an empty file", () => fileWith("x.binpb", ""), /x\.binpb: is empty/],
    ["a compressed empty file", () => fileWith("x.gz", gzipSync("")), /x\.gz: is empty/],
    [
      "a text file",
      () => fileWith("x.txt", "hello\n"),
      /x\.txt: is not a contract.*Expected a descriptor set/,
    ],
    ["an HTML page", () => fileWith("contract.binpb", "<!doctype html><html>Not found"), /is not a contract/],
    [
      "random bytes",
      () =>
        fileWith(
          "x.binpb",
          Uint8Array.from({ length: 500 }, (_, i) => (i * 7919) % 251),
        ),
      /is not a contract/,
    ],
    [
      "a truncated descriptor set",
      () => fileWith("x.binpb", descriptorSet({ name: "acme/a.proto", package: "acme.v1" }).subarray(0, 15)),
      /is not a contract, or is truncated/,
    ],
    ["JSON that is no document", () => fileWith("x.json", "{}"), /x\.json: is not an OpenAPI 3 document/],
    [
      "a Discovery document",
      () => fileWith("x.json", '{"kind": "discovery#restDescription"}'),
      /is not an OpenAPI 3 document/,
    ],
    ["a descriptor set as JSON", () => fileWith("x.json", '{"file": []}'), /descriptor sets in binary/],
    ["JSON that is truncated", () => fileWith("openapi.json", '{"openapi": "3.1'), /is not valid JSON/],
    [
      "a .proto file without its folder",
      () => fileWith("a.proto", proto("acme.v1")),
      /a\.proto: pass the folder/,
    ],
    ["a URL", () => "https://example.com/contract.binpb", /URLs are not read. Download the file first/],
    [
      "a zip archive",
      () => fileWith("x.jar", Buffer.from("PK\x03\x04....")),
      /a zip archive is not read. Unpack it/,
    ],
    [
      "a folder without protos",
      () => folderWith({ "README.md": "x" }),
      /has no \.proto files, and none of contract\.binpb/,
    ],
    ["an archive without protos", () => fileWith("x.tar", tar({ "README.md": "x" })), /has no \.proto files/],
    [
      "a folder with several include paths",
      () => folderWith({ "a/acme/v1/a.proto": proto("acme.v1"), "b/acme/v1/b.proto": proto("acme.v1") }),
      /several include paths: a, b/,
    ],
    [
      "a truncated compressed archive",
      () => fileWith("x.tgz", gzipSync(tar(files)).subarray(0, 60)),
      /cannot be decompressed: the file is truncated/,
    ],
    ["a truncated archive", () => fileWith("x.tar", tar(files).subarray(0, 540)), /the archive is truncated/],
    [
      "an archive that ends after a file",
      () => fileWith("x.tar", tar(files).subarray(0, 1024)),
      /the archive is truncated/,
    ],
    [
      "an archive with a changed header",
      () => fileWith("x.tar", Buffer.from(tar(files)).fill("z", 0, 1)),
      /a header has a wrong checksum/,
    ],
    [
      "a small file that decompresses to a large one",
      () => fileWith("bomb.gz", gzipSync(new Uint8Array(65 * 1024 * 1024))),
      /bomb\.gz: has more than 64 MiB/,
    ],
    [
      "a path with ..",
      () => fileWith("x.tar", tar({ "a/../../evil.proto": "x" })),
      /the path "a\/..\/..\/evil\.proto" leaves the archive/,
    ],
    [
      "an absolute path",
      () => fileWith("x.tar", tar({ "/tmp/evil.proto": "x" })),
      /the path "\/tmp\/evil\.proto" leaves the archive/,
    ],
    [
      "a path with a backslash",
      () => fileWith("x.tar", tar({ "a\\..\\evil.proto": "x" })),
      /leaves the archive/,
    ],
    [
      "a symbolic link",
      () => fileWith("x.tar", withHeader(tar(files), 156, "2")),
      /acme\/v1\/a\.proto is a symbolic link/,
    ],
    [
      "a hard link",
      () => fileWith("x.tar", withHeader(tar(files), 156, "1")),
      /acme\/v1\/a\.proto is a hard link/,
    ],
    [
      "missing imports",
      () =>
        fileWith(
          "x.bin",
          descriptorSet({ name: "a.proto", package: "acme.v1", dependency: ["google/type/money.proto"] }),
        ),
      /a\.proto imports google\/type\/money\.proto, which the descriptor set does not contain: build it with/,
    ],
    [
      "imports in a circle",
      () =>
        fileWith(
          "x.bin",
          descriptorSet(
            { name: "a.proto", dependency: ["b.proto"] },
            { name: "b.proto", dependency: ["a.proto"] },
          ),
        ),
      /a\.proto imports itself/,
    ],
    [
      "a long row of imports",
      () => {
        const dependency = (index: number) => (index === 20_000 ? [] : [`${index + 1}.proto`]);
        const row = Array.from({ length: 20_001 }, (_, index) => index);
        return fileWith(
          "x.bin",
          descriptorSet(...row.map((index) => ({ name: `${index}.proto`, dependency: dependency(index) }))),
        );
      },
      /more than 1000 files import one another in a row/,
    ],
    [
      "a path that is a file and a folder",
      () => fileWith("x.tar", tar({ "a.proto": "x", "a.proto/b.proto": "x" })),
      /x\.tar: the path "a\.proto\/b\.proto" cannot be unpacked \(EEXIST\)/,
    ],
    [
      "a path that is too long",
      () => fileWith("x.tar", Buffer.concat([longPath(), tar({ short: "x" })])),
      /the path "aaa.* cannot be unpacked \(ENAMETOOLONG\)/,
    ],
    [
      "files that do not compile",
      () => folderWith({ "acme/v1/a.proto": proto("acme.v1", "message A {\n  strin a = 1;\n}\n") }),
      /does not compile with buf:\n.*acme\/v1\/a\.proto:6:3:/,
    ],
    [
      "an archive that does not compile",
      () => fileWith("x.tar", tar({ "acme/v1/a.proto": proto("acme.v1", "message A {") })),
      /x\.tar: does not compile with buf:\nacme\/v1\/a\.proto:\d+:\d+:/,
    ],
    [
      "a missing import of a .proto file",
      () => folderWith({ "acme/v1/a.proto": proto("acme.v1", 'import "google/type/money.proto";\n') }),
      /acme\/v1\/a\.proto:5:1:.*(not exist|no such file|not found)/,
    ],
  ])("readContract rejects %s", (_, path, message) => {
    expect(() => readContract(path())).toThrow(message);
  });

  it("readContract writes nothing outside of a temporary folder, which it removes", () => {
    const folder = folderWith({});
    const before = process.env.TMPDIR;
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => void vi.stubEnv("TMPDIR", before));
    const archive = fileWith("x.tar", tar({ ...files, "../evil.proto": "x" }));
    expect(() => readContract(archive)).toThrow(/leaves the archive/);
    expect(packages(fileWith("x.tar", tar(files)))).toEqual(["acme.v1"]);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(join(folder, "..", "evil.proto"))).toBe(false);
  });

  it("readContract says what to do without a compiler", () => {
    const candidates = [{ kind: "buf", command: ["mdps-no-such-program"] }] as const;
    expect(() => compile("protos", work, [], false, candidates)).toThrow(
      /no compiler was found: install buf .* or protoc/,
    );
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      "a named pipe in the place of a .proto file",
      (folder) => execFileSync("mkfifo", [join(folder, "z.proto")]),
      /z\.proto is not a regular file/,
    ],
    [
      "a link from a .proto file to a device",
      (folder) => symlinkSync("/dev/zero", join(folder, "z.proto")),
      /z\.proto is not a regular file/,
    ],
    [
      "a named pipe in the place of an artefact",
      (folder) => {
        rmSync(join(folder, "acme"), { recursive: true });
        execFileSync("mkfifo", [join(folder, "contract.binpb")]);
      },
      /has no \.proto files/,
    ],
    [
      "a link from an artefact to its folder",
      (folder) => {
        rmSync(join(folder, "acme"), { recursive: true });
        symlinkSync(".", join(folder, "contract.binpb"));
      },
      /has no \.proto files/,
    ],
    [
      ".proto files that are large",
      (folder) => {
        writeFileSync(join(folder, "large.proto"), "");
        truncateSync(join(folder, "large.proto"), 65 * 1024 * 1024);
      },
      /has more than 64 MiB/,
    ],
  ])("readContract rejects a folder with %s, and does not read it", (_, change, message) => {
    const folder = folderWith(files);
    change(folder);
    expect(() => readContract(folder)).toThrow(message);
  });

  it("readContract rejects a folder with a broken link in the place of a file", () => {
    const folder = folderWith({});
    symlinkSync("nowhere.proto", join(folder, "a.proto"));
    expect(() => readContract(folder)).toThrow(/ENOENT/);
  });
});

describe("diffContracts rejects", () => {
  const set = (name: string) =>
    readContract(fileWith("x.bin", descriptorSet({ name: "a.proto", package: name })));

  it("diffContracts rejects two versions of an API, which are different packages", () => {
    expect(() => diffContracts(set("acme.v1"), set("acme.v2"))).toThrow(
      /no package in common: acme\.v1 in OLD, acme\.v2 in NEW\. Versions of an API/,
    );
  });

  it("diffContracts rejects a contract with an option that is out of range, and names the field", () => {
    const field = `  google.protobuf.Duration life = 1 [(buf.validate.field).duration.lte = {nanos: 2000000000}];\n`;
    const imports = `import "buf/validate/validate.proto";\nimport "google/protobuf/duration.proto";\n`;
    const text = proto("acme.v1", `${imports}message A {\n${field}}\n`);
    const contract = readContract(contractFolder({ "acme/v1/a.proto": text }));
    expect(() => diffContracts(contract, contract)).toThrow(
      /^the options of field acme\.v1\.A\.life are not valid/,
    );
  });

  it("diffContracts rejects an OpenAPI document and a descriptor set", () => {
    const document = readContract(fileWith("openapi.json", '{"openapi": "3.1.0"}'));
    expect(() => diffContracts(document, set("acme.v1"))).toThrow(
      /OLD is an OpenAPI document and NEW is Protobuf/,
    );
    expect(() => diffContracts(set("acme.v1"), document)).toThrow(
      /OLD is Protobuf and NEW is an OpenAPI document/,
    );
  });

  it("diffContracts reports a removed and a renamed package beside one that stays", () => {
    const folder = (names: readonly string[]) =>
      readContract(
        folderWith(
          Object.fromEntries(names.map((name) => [`${name.replaceAll(".", "/")}/a.proto`, proto(name)])),
        ),
      );
    const removed = diffContracts(folder(["acme.v1", "acme.more.v1"]), folder(["acme.v1"]));
    expect(removed.breaking).toEqual([
      {
        kind: "package-removed",
        where: "acme.more.v1",
        before: "package acme.more.v1",
        after: null,
        breaks: ["binary", "json", "rest", "code"],
      },
    ]);
    const renamed = diffContracts(folder(["acme.v1", "acme.more.v1"]), folder(["acme.v1", "acme.other.v1"]));
    expect(renamed.breaking).toContainEqual({
      kind: "package-renamed",
      where: "acme.more.v1",
      before: "package acme.more.v1",
      after: "package acme.other.v1",
      breaks: ["binary", "code"],
    });
  });
});
