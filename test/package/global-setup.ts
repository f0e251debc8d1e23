import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { packPackages } from "./installed.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the packed package. Its files are in `dist/` too. */
    tarball: string;
    /** Path of the packed transcoding library. Its files are in `dist-transcoding/` too. */
    transcodingTarball: string;
  }
}

/** Builds and packs both packages once for all tests of the folder, so that they may run at once. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = await mkdtemp(join(tmpdir(), "mdps-pack-"));
  const { main, transcoding } = await packPackages(folder);
  provide("tarball", main);
  provide("transcodingTarball", transcoding);
  return () => rmSync(folder, { recursive: true, force: true });
}
