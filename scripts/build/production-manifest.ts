/**
 * Replaces package.json so that `npm ci` installs what the server needs at run time, in the versions of the lock file: the
 * dependencies and the peer packages, except that of the generator of codecs. The Dockerfile runs it before anything is
 * installed, so it imports only Node's own modules.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Needed by protoc-gen-es-codec only. It brings the TypeScript compiler. */
const ofGenerator = "@bufbuild/protoplugin";

type Dependencies = Readonly<Record<string, string>>;

/** The members of the repository's package.json that are used here. */
export type RepositoryManifest = {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Dependencies;
  readonly devDependencies: Dependencies;
  readonly peerDependencies: Dependencies;
};

/**
 * Returns the package.json. The peer packages get the exact versions that the repository is tested with. Throws if it is
 * tested without one of them.
 */
export function productionManifest(manifest: RepositoryManifest): object {
  const { name, version, dependencies, devDependencies, peerDependencies } = manifest;
  const names = Object.keys(peerDependencies).filter((peer) => peer !== ofGenerator);
  const peers = names.map((peer) => {
    const tested = devDependencies[peer];
    if (tested === undefined) {
      throw new Error(`devDependencies of package.json lack the peer package ${peer}`);
    }
    return [peer, tested];
  });
  return { name, version, private: true, dependencies: { ...dependencies, ...Object.fromEntries(peers) } };
}

if (import.meta.main) {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as RepositoryManifest;
  writeFileSync("package.json", `${JSON.stringify(productionManifest(manifest), null, 2)}\n`);
}
