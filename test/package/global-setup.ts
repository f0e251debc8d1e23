import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { packPackage } from "./installed.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the packed package. Its files are in `dist/` too. */
    tarball: string;
  }
}

/** Builds and packs the package once for all tests of the folder, so that they may run at once. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = await mkdtemp(join(tmpdir(), "mdps-pack-"));
  provide("tarball", await packPackage(folder));
  return () => rmSync(folder, { recursive: true, force: true });
}
