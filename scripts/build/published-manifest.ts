/** A target of `exports` or `imports`: a path, or paths by condition. */
type Target = string | { readonly [condition: string]: Target };

type Targets = Readonly<Record<string, Target>>;

/** What of a package.json this knows; the rest is passed on. */
export type Manifest = {
  readonly exports: Targets;
  readonly imports: Targets;
  readonly bin: Readonly<Record<string, string>>;
};

/** What is for those who work on the package, not for those who use it. */
const ours = new Set(["private", "scripts", "devDependencies", "optionalDependencies", "allowScripts"]);

/**
 * The package.json of the built package: the repository's without what is for its developers (the optional
 * dependencies are the Node that they run), every source file replaced by what tsc makes of it, and `dist/` the root.
 */
export function publishedManifest<M extends Manifest>(manifest: M): M {
  const kept = Object.fromEntries(Object.entries(manifest).filter(([name]) => !ours.has(name))) as M;
  return {
    ...kept,
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
