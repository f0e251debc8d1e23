/**
 * Replaces package.json by one for `npm ci` that installs what the server needs at run time, in the versions of the lock
 * file beside it: the dependencies, and the optional ones that the package leaves to its users. For the Dockerfile; it
 * imports nothing but Node, for nothing else is there yet.
 */
import { readFileSync, writeFileSync } from "node:fs";

type Dependencies = Readonly<Record<string, string>>;

/** What of the repository's package.json this knows. */
export type RepositoryManifest = {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Dependencies;
  readonly devDependencies: Dependencies;
  readonly peerDependencies: Dependencies;
};

/**
 * Returns the package.json. The optional packages get the exact versions that the repository is tested with. Raises an
 * Error if it is tested without one of them.
 */
export function productionManifest(manifest: RepositoryManifest): object {
  const { name, version, dependencies, devDependencies, peerDependencies } = manifest;
  const optional = Object.keys(peerDependencies).map((peer) => {
    const tested = devDependencies[peer];
    if (tested === undefined) {
      throw new Error(`devDependencies of package.json lack the optional ${peer}`);
    }
    return [peer, tested];
  });
  return { name, version, private: true, dependencies: { ...dependencies, ...Object.fromEntries(optional) } };
}

if (import.meta.main) {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as RepositoryManifest;
  writeFileSync("package.json", `${JSON.stringify(productionManifest(manifest), null, 2)}\n`);
}
