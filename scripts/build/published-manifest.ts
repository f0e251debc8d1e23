/** A target of `exports` or `imports`: a path, or paths by condition. */
export type Target = string | { readonly [condition: string]: Target };

type Targets = Readonly<Record<string, Target>>;

/** The members of a package.json that are changed here; the rest is copied. */
export type Manifest = {
  readonly exports: Targets;
  readonly imports: Targets;
  readonly bin: Readonly<Record<string, string>>;
};

/** Members for developers of the package, not for its users. */
const ours = new Set(["private", "scripts", "devDependencies", "optionalDependencies", "allowScripts"]);

/**
 * Returns the package.json of the built package: the repository's without the members for developers (the optional
 * dependencies are the Node that they run), with compiled files instead of sources, and `dist/` as the root.
 */
export function publishedManifest<M extends Manifest>(manifest: M): M {
  const members = Object.fromEntries(Object.entries(manifest).filter(([name]) => !ours.has(name))) as M;
  return {
    ...members,
    exports: publishedTargets(manifest.exports),
    imports: publishedTargets(manifest.imports),
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, publishedPath(path)])),
  };
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
