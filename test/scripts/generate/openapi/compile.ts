import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFileRegistry, type DescFile, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/bin/buf"));
const protoDeps = fileURLToPath(new URL("../../../../proto-deps", import.meta.url));

/** Compiles .proto sources, which may import every file that the contract may import. */
export function compile(sources: Readonly<Record<string, string>>): {
  files: DescFile[];
  allFiles: DescFile[];
} {
  const folder = mkdtempSync(join(tmpdir(), "openapi-"));
  try {
    writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules: [{path: proto}, {path: proto-deps}]\n");
    cpSync(protoDeps, join(folder, "proto-deps"), { recursive: true });
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(folder, "proto", name)), { recursive: true });
      writeFileSync(join(folder, "proto", name), text);
    }
    const args = [buf, "build", "proto", "--as-file-descriptor-set", "-o", "-"];
    const bytes = execFileSync(process.execPath, args, { cwd: folder });
    const allFiles = [...createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).files];
    return { files: allFiles.filter((file) => `${file.name}.proto` in sources), allFiles };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
