import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Copy, DockerfileParser, type PropertyInstruction } from "dockerfile-ast";

/** The root of the repository, from which images are built. */
export const repository = join(import.meta.dirname, "..", "..");

/** One instruction of a Dockerfile, with continued lines joined. */
export type Instruction = {
  /** In capitals, such as `COPY`. */
  readonly keyword: string;
  /** Values of its `--name=value` flags, by name. */
  readonly flags: Readonly<Record<string, string>>;
  /** Everything after the keyword and the flags. */
  readonly text: string;
  /** The text split into words, or the strings of the exec form. */
  readonly words: readonly string[];
  /** Whether it uses the exec form, a JSON array, which starts no shell. */
  readonly isExec: boolean;
  /** Names and values of ENV, LABEL and ARG. */
  readonly properties: Readonly<Record<string, string>>;
};

/** One stage of a build: a FROM and the instructions after it. */
export type Stage = {
  /** The name after `FROM … AS`; empty if there is none. */
  readonly name: string;
  /** The base image, with variables replaced by their defaults. */
  readonly image: string;
  readonly instructions: readonly Instruction[];
};

/** Reads the repository's Dockerfile. */
export function readDockerfile(): readonly Stage[] {
  return parseDockerfile(readFileSync(join(repository, "deploy/docker/Dockerfile"), "utf8"));
}

/** Parses a Dockerfile. Variables are replaced by their defaults in FROM only. */
export function parseDockerfile(text: string): readonly Stage[] {
  const defaults = new Map<string, string>();
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const parsed of DockerfileParser.parse(text).getInstructions()) {
    const instruction = instructionOf(parsed as Parsed);
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") {
      const [image = "", , name = ""] = instruction.words;
      const known = image.replace(/\$\{?(\w+)\}?/g, (_, variable) => defaults.get(variable) ?? "");
      stages.push({ name, image: known, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else {
      for (const [name, value] of Object.entries(instruction.properties)) {
        defaults.set(name, value);
      }
    }
  }
  return stages;
}

type Parsed = Pick<PropertyInstruction, "getKeyword" | "getArgumentsContent"> &
  Partial<Pick<PropertyInstruction, "getProperties">> &
  Partial<Pick<Copy, "getFlags">>;

function instructionOf(parsed: Parsed): Instruction {
  const keyword = parsed.getKeyword();
  const text = (parsed.getArgumentsContent() ?? "").trim();
  // HEALTHCHECK has the word CMD before its command.
  const command = keyword === "HEALTHCHECK" ? text.replace(/^CMD\s+/, "") : text;
  const isExec = command.startsWith("[");
  const flags = parsed.getFlags?.() ?? [];
  const properties = parsed.getProperties?.() ?? [];
  return {
    keyword,
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ""])),
    text,
    isExec,
    words: isExec ? (JSON.parse(command) as string[]) : command.split(/\s+/).filter(Boolean),
    properties: Object.fromEntries(properties.map((each) => [each.getName(), each.getValue() ?? ""])),
  };
}

/** Returns the files and folders that deploy/docker/Dockerfile.dockerignore allows; the file excludes everything else. */
export function readBuildContext(): readonly string[] {
  const lines = readFileSync(join(repository, "deploy/docker/Dockerfile.dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [first, ...allowed] = lines;
  if (first !== "*" || allowed.some((line) => !/^![\w./-]+$/.test(line))) {
    throw new Error("deploy/docker/Dockerfile.dockerignore must be `*`, followed by lines such as `!src`");
  }
  return allowed.map((line) => line.slice(1));
}
