import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDockerfile, repository } from "./dockerfile.ts";

const sources = join(import.meta.dirname, "go");
const reason = spawnSync("go", ["version"]).status === 0 ? undefined : "Go is not installed";

describe.skipIf(reason)(`deploycheck${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-deploycheck-"));
  const program = join(folder, "deploycheck");
  const kubernetes = join(repository, "deploy/kubernetes");

  beforeAll(() => {
    // The committed go.sum must suffice, and a go.work on this machine must have no effect.
    const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly" };
    execFileSync("go", ["vet", "./..."], { cwd: sources, env });
    execFileSync("go", ["build", "-o", program, "."], { cwd: sources, env });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function check(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return { status, stderr, lines: stdout.trim().split("\n").toSorted() };
  }

  /** Writes an invalid file and returns its path. */
  function writeInvalid(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  it("the PostgreSQL manifests build into exactly the expected Kubernetes objects", () => {
    expect(check("manifests", join(kubernetes, "postgres"))).toMatchObject({
      status: 0,
      stderr: "",
      lines: [
        "apps/v1 Deployment mdps",
        "networking.k8s.io/v1 NetworkPolicy mdps",
        "policy/v1 PodDisruptionBudget mdps",
        expect.stringMatching(/^v1 ConfigMap mdps-settings-\w+$/),
        "v1 Service mdps",
        "v1 ServiceAccount mdps",
      ],
    });
  });

  it("the SQLite manifests build into valid Kubernetes objects", () => {
    const { status, lines } = check("manifests", join(kubernetes, "sqlite"));
    expect(status).toBe(0);
    expect(lines).toContain("apps/v1 StatefulSet mdps");
  });

  it("the example secrets and the pod monitor are valid Kubernetes objects", () => {
    const files = ["postgres/secrets.example.yaml", "monitoring/pod-monitor.yaml"];
    const { status, lines } = check("objects", ...files.map((file) => join(kubernetes, file)));
    expect(status).toBe(0);
    expect(lines).toHaveLength(4);
  });

  it("deploycheck rejects a manifest with a misspelt field or a value of the wrong type", () => {
    const service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: [{port: 1}]}\n";
    expect(check("objects", writeInvalid("field.yaml", service)).stderr).toMatch(
      /v1 Service x: .*unknown field "port"/,
    );
    const type = service.replace("port: [{port: 1}]", "ports: [{port: one}]");
    expect(check("objects", writeInvalid("type.yaml", type)).status).toBe(1);
  });

  it("the Dockerfile breaks no BuildKit rule, and BuildKit reads the same stages as parseDockerfile", () => {
    const stages = readDockerfile().toSorted((a, b) => a.name.localeCompare(b.name));
    expect(check("dockerfile", join(repository, "deploy/docker/Dockerfile"))).toMatchObject({
      status: 0,
      stderr: "",
      lines: stages.map(({ name, instructions }) => `stage ${name} with ${instructions.length} instructions`),
    });
  });

  it("deploycheck rejects a Dockerfile with a deprecated or an unknown instruction", () => {
    const deprecated = writeInvalid("Dockerfile", "FROM debian:13\nMAINTAINER somebody\n");
    expect(check("dockerfile", deprecated)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/Maintainer/),
    });
    const unknown = writeInvalid("Dockerfile", "FROM debian:13\nCOPPY a b\n");
    expect(check("dockerfile", unknown)).toMatchObject({ status: 1, stderr: expect.stringMatching(/COPPY/) });
  });
});
