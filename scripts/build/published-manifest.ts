/** A target of `exports` or `imports`: a path, or paths by condition. */
export type Target = string | { readonly [condition: string]: Target };

type Targets = Readonly<Record<string, Target>>;

/** The members of a package.json that are changed here; the rest is copied. */
export type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Targets;
  readonly imports: Targets;
  readonly bin: Readonly<Record<string, string>>;
};

/** Members for developers of the package, not for its users. */
const ours = new Set(["private", "scripts", "devDependencies", "optionalDependencies", "allowScripts"]);

/**
 * Returns the package.json of the built package: the repository's without the members for developers (the optional
 * dependencies are the Node that they run), with ranges of dependencies, compiled files instead of sources, and `dist/` as the
 * root.
 */
export function publishedManifest<M extends Manifest>(manifest: M): M {
  const members = Object.fromEntries(Object.entries(manifest).filter(([name]) => !ours.has(name))) as M;
  return {
    ...members,
    dependencies: publishedRanges(manifest),
    exports: publishedTargets(manifest.exports),
    imports: publishedTargets(manifest.imports),
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, publishedPath(path)])),
  };
}

/**
 * Returns the dependencies with ranges that begin with the version that the repository is tested with. Two begin earlier, so
 * that the package shares the copy that a project has:
 *
 * - connect-node has the Connect of its own version as a peer. In a project that has an older Connect but no connect-node, npm
 *   installs the newest one inside the package and warns about that peer; calls work.
 * - OpenTelemetry ignores the spans of an API that is newer than that of the SDK.
 */
function publishedRanges({ dependencies, peerDependencies }: Manifest): Manifest["dependencies"] {
  const wider: Readonly<Record<string, string | undefined>> = {
    "@connectrpc/connect-node": peerDependencies["@connectrpc/connect"],
    "@opentelemetry/api": "^1.4.0",
  };
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, version]) => [name, wider[name] ?? `^${version}`]),
  );
}

function publishedTargets(targets: Targets): Targets {
  return Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, published(target)]));
}

function published(target: Target): Target {
  return typeof target === "string" ? publishedPath(target) : publishedTargets(target);
}

function publishedPath(path: string): string {
  return path.replace(/^\.\/dist\//, "./").replace(/\.ts$/, ".js");
}
