import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { publishedManifest } from "../../../scripts/build/published-manifest.ts";
import { transcodingManifest } from "../../../scripts/build/transcoding-manifest.ts";

const root = join(import.meta.dirname, "../../..");
const main = publishedManifest(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

describe("transcodingManifest", () => {
  const manifest = transcodingManifest(main);

  it("transcodingManifest has the version and licence of the main package under a name of its own", () => {
    expect(manifest).toMatchObject({
      name: "connect-http-transcoding",
      version: main.version,
      license: "Apache-2.0",
    });
  });

  it("transcodingManifest requires protobuf-es and Connect as peers and nothing else", () => {
    expect(Object.keys(manifest.peerDependencies)).toEqual(["@bufbuild/protobuf", "@connectrpc/connect"]);
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(["dependencies"]));
    expect(
      Object.keys(manifest).filter((name) => /private|bin|scripts|(dev|optional)Dependencies/.test(name)),
    ).toEqual([]);
  });

  it("transcodingManifest has the entry points of the main package's transcoding and codecs, with compiled files", () => {
    expect(manifest.exports).toEqual({
      ".": main.exports["./transcoding"],
      "./client": main.exports["./transcoding/client"],
      "./codec": main.exports["./codec"],
      "./codec/runtime": main.exports["./codec/runtime"],
      "./package.json": "./package.json",
    });
    expect(JSON.stringify(manifest)).not.toMatch(/\.ts"/);
  });

  it("transcodingManifest throws if the main package lacks an entry point", () => {
    const { "./codec": _, ...exports } = main.exports;
    expect(() => transcodingManifest({ ...main, exports })).toThrow("package.json does not export ./codec");
  });
});
