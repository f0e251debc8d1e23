import { cpSync, mkdirSync } from "node:fs";
import { delimiter, join, posix } from "node:path";
import { readBuildContext, repository, type Stage } from "./dockerfile.ts";
import type { Room } from "./room.ts";

/** An image that was built: the file system of its last stage, and how it is started. */
export type BuiltImage = {
  /** Root of the file system, a path in the room. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workDirectory: string;
  /** Number of user and group, such as `65532:65532`. */
  readonly user: string;
  readonly volume: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
};

/** Returns where a COPY finds its sources: the context, or what a stage of that name has made. */
type FindSources = (stage: string | undefined) => string;

/**
 * Runs the stages of a Dockerfile one by one, without an engine. Each stage gets a copy-on-write view of this machine's
 * file system instead of the base image, with this Node in it. This shows what the instructions do; it does not show that
 * the base image has what they need. The context is what `Dockerfile.dockerignore` allows.
 */
export function buildWithoutEngine(room: Room, stages: readonly Stage[], folder: string): BuiltImage {
  const context = copyContext(join(folder, "context"));
  const place = join(folder, "stages");
  mkdirSync(place);
  // Layers over a file system must lie on another one.
  room.run(["mount", "-t", "tmpfs", "stages", place]);
  const roots = new Map<string, string>();
  const findSources: FindSources = (stage) => {
    const found = stage === undefined ? context : roots.get(stage);
    if (found === undefined) {
      throw new Error(`COPY --from=${stage}: no stage before has that name`);
    }
    return found;
  };
  const images = stages.map((stage, index) => {
    const root = mountBase(room, join(place, String(index)));
    roots.set(stage.name, root);
    return runStage(room, root, stage, findSources);
  });
  return images.at(-1) as BuiltImage;
}

function copyContext(folder: string): string {
  for (const path of readBuildContext()) {
    cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  return folder;
}

function mountBase(room: Room, place: string): string {
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  room.run(["mkdir", "-p", root, upper, work]);
  room.run(["mount", "-t", "overlay", "base", "-o", `lowerdir=/,upperdir=${upper},workdir=${work}`, root]);
  for (const name of ["proc", "dev"]) {
    room.run(["mount", "--rbind", `/${name}`, join(root, name)]);
  }
  room.run(["mkdir", "-p", join(root, "usr/local/bin")]);
  room.run(["cp", "--remove-destination", process.execPath, join(root, "usr/local/bin/node")]);
  return root;
}

/** The environment of the base image, and what npm has to know of this machine: its registry and whom to trust. */
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

function runStage(room: Room, root: string, stage: Stage, findSources: FindSources): BuiltImage {
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
      room.run(["chroot", root, ...shell], { ...baseEnvironment(), ...image.env });
    } else if (keyword === "COPY") {
      const to = join(root, posix.resolve(image.workDirectory, words.at(-1) ?? ""));
      copy(room, words.slice(0, -1), findSources(instruction.flags.from), to);
    } else if (keyword === "WORKDIR") {
      image.workDirectory = posix.resolve(image.workDirectory, text);
      room.run(["mkdir", "-p", join(root, image.workDirectory)]);
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
      throw new Error(`${keyword} is not known here: teach buildWithoutEngine what it does`);
    }
  }
  return image;
}

/** Of a folder the builder copies what is in it, of a file the file; into a folder, which is made if it is not there. */
function copy(room: Room, sources: readonly string[], from: string, to: string): void {
  room.run(["mkdir", "-p", to]);
  for (const source of sources) {
    const path = join(from, source);
    room.run(["sh", "-ec", 'if [ -d "$0" ]; then cp -a "$0/." "$1"; else cp -a "$0" "$1"; fi', path, to]);
  }
}
