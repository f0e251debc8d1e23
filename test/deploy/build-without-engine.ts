import { cpSync, mkdirSync } from "node:fs";
import { delimiter, join, posix } from "node:path";
import { readBuildContext, repository, type Stage } from "./dockerfile.ts";
import { type MountNamespace, mountCopy } from "./mount-namespace.ts";

/** A built image: the file system of its last stage, and how to start it. */
export type BuiltImage = {
  /** Root of the file system, as a path in the mount namespace. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workDirectory: string;
  /** User and group id, such as `65532:65532`. */
  readonly user: string;
  readonly volume: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
};

/** Returns the source folder of a COPY: the build context, or the root of the named stage. */
type SourceFolderOf = (stage: string | undefined) => string;

/**
 * Runs the stages of a Dockerfile one by one, without a container engine. Instead of the base image, each stage starts
 * from a copy-on-write view of this machine's file system with the running Node. This tests the instructions, but not that
 * the base image has what they need. The build context is what `Dockerfile.dockerignore` allows.
 */
export function buildWithoutEngine(
  namespace: MountNamespace,
  stages: readonly Stage[],
  folder: string,
): BuiltImage {
  const context = copyContext(join(folder, "context"));
  const place = join(folder, "stages");
  mkdirSync(place);
  // The upper layers of an overlay must be on another file system than the lower one.
  namespace.run(["mount", "-t", "tmpfs", "stages", place]);
  const roots = new Map<string, string>();
  const sourceFolderOf: SourceFolderOf = (stage) => {
    const found = stage === undefined ? context : roots.get(stage);
    if (found === undefined) {
      throw new Error(`COPY --from=${stage}: no earlier stage has this name`);
    }
    return found;
  };
  const images = stages.map((stage, index) => {
    const root = mountBase(namespace, join(place, String(index)));
    roots.set(stage.name, root);
    return runStage(namespace, root, stage, sourceFolderOf);
  });
  return images.at(-1) as BuiltImage;
}

function copyContext(folder: string): string {
  for (const path of readBuildContext()) {
    cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  return folder;
}

function mountBase(namespace: MountNamespace, place: string): string {
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  mountCopy(namespace, root, upper, work);
  namespace.run(["mkdir", "-p", join(root, "usr/local/bin")]);
  namespace.run(["cp", "--remove-destination", process.execPath, join(root, "usr/local/bin/node")]);
  return root;
}

/** Returns the environment of the base image, plus the npm settings of this machine (registry, proxy, certificates). */
function baseEnvironment(): Record<string, string> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((place) => !place.includes("node_modules"));
  const passed = Object.entries(process.env).filter(([name]) =>
    /^(HOME|npm_config_(user|global)config|registry|\w*_PROXY|NODE_EXTRA_CA_CERTS)$/i.test(name),
  );
  return {
    ...(Object.fromEntries(passed) as Record<string, string>),
    PATH: ["/usr/local/bin", ...path].join(delimiter),
  };
}

function runStage(
  namespace: MountNamespace,
  root: string,
  stage: Stage,
  sourceFolderOf: SourceFolderOf,
): BuiltImage {
  const image = {
    root,
    env: {} as Record<string, string>,
    workDirectory: "/",
    user: "0:0",
    volume: "",
    entrypoint: [] as readonly string[],
    command: [] as readonly string[],
    healthCheck: [] as readonly string[],
  };
  for (const instruction of stage.instructions) {
    const { keyword, text, words } = instruction;
    if (keyword === "RUN") {
      const shell = ["sh", "-ec", `cd ${image.workDirectory}\n${text}`];
      namespace.run(["chroot", root, ...shell], { ...baseEnvironment(), ...image.env });
    } else if (keyword === "COPY") {
      const to = join(root, posix.resolve(image.workDirectory, words.at(-1) ?? ""));
      copy(namespace, words.slice(0, -1), sourceFolderOf(instruction.flags.from), to);
    } else if (keyword === "WORKDIR") {
      image.workDirectory = posix.resolve(image.workDirectory, text);
      namespace.run(["mkdir", "-p", join(root, image.workDirectory)]);
    } else if (keyword === "ENV") {
      Object.assign(image.env, instruction.properties);
    } else if (keyword === "USER") {
      image.user = text;
    } else if (keyword === "VOLUME") {
      image.volume = text;
    } else if (keyword === "ENTRYPOINT") {
      image.entrypoint = words;
    } else if (keyword === "CMD") {
      image.command = words;
    } else if (keyword === "HEALTHCHECK") {
      image.healthCheck = words;
    } else if (!["ARG", "LABEL", "EXPOSE", "STOPSIGNAL"].includes(keyword)) {
      throw new Error(`${keyword} is not supported by buildWithoutEngine: implement it there`);
    }
  }
  return image;
}

/** Copies the contents of folders, and files themselves, into a folder, which is created if it does not exist. */
function copy(namespace: MountNamespace, sources: readonly string[], from: string, to: string): void {
  namespace.run(["mkdir", "-p", to]);
  for (const source of sources) {
    const path = join(from, source);
    namespace.run([
      "sh",
      "-ec",
      'if [ -d "$0" ]; then cp -a "$0/." "$1"; else cp -a "$0" "$1"; fi',
      path,
      to,
    ]);
  }
}
