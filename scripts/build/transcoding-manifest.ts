import type { Manifest } from "./published-manifest.ts";

/** Entry points of the package, with those of the main package that they are. */
const entries: Readonly<Record<string, string>> = {
  ".": "./transcoding",
  "./client": "./transcoding/client",
  "./codec": "./codec",
  "./codec/runtime": "./codec/runtime",
  "./package.json": "./package.json",
};

/**
 * The only packages that it needs. The project that installs it has one copy of each. The ranges begin with the oldest
 * releases that have what the library imports.
 */
const peerDependencies = { "@bufbuild/protobuf": "^2.12.0", "@connectrpc/connect": "^2.0.0" };

/** The members of the main package's published manifest that are used here. */
export type MainManifest = Pick<Manifest, "exports" | "imports"> & {
  readonly version: string;
  readonly license: string;
  readonly repository: object;
  readonly type: string;
  readonly sideEffects: boolean;
};

/** Returns the package.json of the transcoding library as a package of its own, with the paths of the main package. */
export function transcodingManifest(main: MainManifest) {
  const { version, license, repository, type, sideEffects, imports } = main;
  return {
    name: "connect-http-transcoding",
    version,
    description: "Serve and call Connect services as REST APIs, by their google.api.http annotations",
    license,
    keywords: [
      "connect",
      "connectrpc",
      "grpc",
      "grpc-gateway",
      "http",
      "json",
      "protobuf",
      "rest",
      "transcoding",
    ],
    repository: { ...repository, directory: "src/transcoding" },
    type,
    sideEffects,
    engines: { node: ">=22" },
    exports: exportsFrom(main.exports),
    imports,
    peerDependencies,
  };
}

function exportsFrom(targets: Manifest["exports"]): Manifest["exports"] {
  return Object.fromEntries(
    Object.entries(entries).map(([entry, from]) => {
      const target = targets[from];
      if (target === undefined) {
        throw new Error(
          `package.json does not export ${from}, which is the entry ${entry} of the transcoding library`,
        );
      }
      return [entry, target];
    }),
  );
}
