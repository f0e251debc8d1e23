import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../language.ts";
import { bundlePage } from "./bundle-page.ts";
import { findChromium } from "./find-chromium.ts";

const folder = import.meta.dirname;

/** Returns the version of an npm package in package-lock.json. */
function versionOf(name: string): string {
  const lock = JSON.parse(readFileSync(join(folder, "../../../package-lock.json"), "utf8"));
  return lock.packages[`node_modules/${name}`].version;
}

/**
 * TypeScript on a page of another origin than the server, which must run with `--allow-origin` for `pageOrigin`. REST
 * uses this project's transport.
 */
export const language: Language = {
  name: `TypeScript in Chromium: connect-web ${versionOf("@connectrpc/connect-web")}, protobuf-es ${versionOf("@bufbuild/protobuf")}`,
  code: "clone: protoc-gen-es",
  protocols: ["grpc-web", "grpc-web json", "connect", "connect json", "rest"],
  missing: () => (findChromium() === undefined ? "chromium is not installed" : undefined),
  async build({ workDir, log }) {
    log("buf generate and esbuild");
    const script = await bundlePage(workDir);
    return { command: process.execPath, args: [join(folder, "run.ts"), script] };
  },
};
