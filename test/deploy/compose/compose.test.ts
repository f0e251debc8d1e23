import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { settings } from "../../../src/config/settings.ts";
import { readDockerfile, repository } from "../dockerfile.ts";
import { readSettings } from "../settings.ts";

type Service = {
  readonly image: string;
  readonly user?: string;
  readonly command?: unknown;
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly secrets: readonly string[];
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required: boolean }>>;
};

type Compose = {
  readonly services: { readonly mdps: Service; readonly postgres: Service };
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const file = join(repository, "deploy/docker/compose.yaml");
const compose = parse(readFileSync(file, "utf8")) as Compose;
const page = readFileSync(join(repository, "docs/operations/image.md"), "utf8");
const { mdps, postgres } = compose.services;
const image = readDockerfile().at(-1)?.instructions ?? [];
const instruction = (keyword: string) => image.find((each) => each.keyword === keyword);

describe("deploy/docker/compose.yaml", () => {
  it("runs an image that is given by digest, with the user, the command and the health check of the image", () => {
    expect(mdps.image).toMatch(/^\$\{MDPS_IMAGE:\?.*@sha256:/);
    expect([mdps.user, mdps.command, mdps.healthcheck]).toEqual([undefined, undefined, undefined]);
    expect(instruction("HEALTHCHECK")?.isExec).toBe(true);
  });

  it("gives the container what the image needs and nothing else", () => {
    expect(mdps).toMatchObject({
      read_only: true,
      tmpfs: ["/tmp"],
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(mdps.volumes.map((each) => each.split(":")[1])).toEqual(instruction("VOLUME")?.words);
    const ports = (mdps.ports ?? []).map((each) => each.split(":"));
    expect(ports.map((each) => each.at(-1))).toEqual(instruction("EXPOSE")?.words);
    const adminPort = readSettings("deploy/docker/mdps.yaml").admin?.listen?.split(":")[1];
    expect(ports.find((each) => each.at(-1) === adminPort)?.[0]).toBe("127.0.0.1");
  });

  it("sets only variables that are settings, with TLS from its secrets", () => {
    const variables = new Set(settings.map(({ variable }) => variable));
    expect(Object.keys(mdps.environment).filter((name) => !variables.has(name))).toEqual([]);
    const paths = [mdps.environment.MDPS_TLS_CERT, mdps.environment.MDPS_TLS_KEY];
    expect(paths).toEqual(mdps.secrets.map((name) => `/run/secrets/${name}`));
    expect(mdps.environment).not.toHaveProperty("MDPS_ALLOW_CLEARTEXT");
  });

  it("contains no secret, and takes each from a file that the page creates", () => {
    const used = [...mdps.secrets, ...postgres.secrets];
    expect(used.toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
    for (const { file: path } of Object.values(compose.secrets)) {
      expect(page).toContain(`${dirname(path)}/`);
      expect(page).toContain(path.split("/").at(-1));
    }
    expect(mdps.env_file).toEqual([{ path: "mdps.env", required: false }]);
    expect(page).toMatch(/MDPS_STORE=postgres:.*install -m 600 \/dev\/stdin mdps\.env/);
  });

  it("waits longer for the server to stop than the server waits for its calls", () => {
    const seconds = (path: string) => Number(/^\d+/.exec(settingDefault(path))?.[0]);
    const own = seconds("lifecycle.drainDelay") + seconds("lifecycle.grace");
    expect(Number.parseInt(mdps.stop_grace_period ?? "", 10)).toBeGreaterThan(own);
  });

  it("starts PostgreSQL only with its profile, without a port for others, and before the server", () => {
    expect(postgres.profiles).toEqual(["postgres"]);
    expect(postgres.ports).toBeUndefined();
    // The image's temporary server, which it starts before its own, has no TCP port.
    expect(postgres.healthcheck?.test?.join(" ")).toContain("CMD pg_isready --host 127.0.0.1 ");
    expect(mdps.depends_on).toEqual({ postgres: { condition: "service_healthy", required: false } });
    expect(postgres.environment.POSTGRES_PASSWORD_FILE).toBe(`/run/secrets/${postgres.secrets[0]}`);
    const { POSTGRES_USER, POSTGRES_DB } = postgres.environment;
    expect(page).toContain(`MDPS_STORE=postgres://${POSTGRES_USER}:%s@postgres/${POSTGRES_DB}`);
    expect(Object.keys(compose.volumes)).toEqual(
      [...mdps.volumes, ...postgres.volumes].map((each) => each.split(":")[0]),
    );
  });
});

describe("docs/operations/image.md", () => {
  it("builds from the Dockerfile, pins its base image and passes the arguments that it takes", () => {
    const base = readDockerfile()[0]?.image ?? "";
    expect(page).toContain(`--build-arg NODE_IMAGE=${base}@sha256:`);
    const taken = image
      .filter(({ keyword }) => keyword === "ARG")
      .flatMap(({ properties }) => Object.keys(properties));
    const passed = [...page.matchAll(/--build-arg (\w+)=/g)].map(([, name]) => name);
    expect(passed.toSorted()).toEqual([...taken, "NODE_IMAGE"].toSorted());
  });

  it("gives the key file the group of the image's user", () => {
    const [, group] = instruction("USER")?.words[0]?.split(":") ?? [];
    expect(page).toContain(`install -m 640 -g ${group} tls.crt tls.key secrets/`);
  });

  it("names the settings of the image that a file in its place must contain as well", () => {
    const { listen, admin } = readSettings("deploy/docker/mdps.yaml");
    expect(page).toContain(
      `must contain \`listen.host: ${listen?.host}\` and \`admin.listen: ${admin?.listen}\``,
    );
  });

  it("says who can read the variables of the env file", () => {
    expect(page).toMatch(/^\| other secrets \|.*`mdps\.env`.*`docker inspect`/m);
  });
});

/** The default of a setting, as docs/configuration.md lists it. */
function settingDefault(path: string): string {
  const table = readFileSync(join(repository, "docs/configuration.md"), "utf8");
  return (
    new RegExp(`\\| \`${path.replace(".", "\\.")}\` \\|[^|]*\\|[^|]*\\| \`(\\w+)\``).exec(table)?.[1] ?? ""
  );
}
