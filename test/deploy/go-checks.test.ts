import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDockerfile, repository } from "./dockerfile.ts";

const sources = join(import.meta.dirname, "go");
const reason = spawnSync("go", ["version"]).status === 0 ? undefined : "Go is not installed";

describe.skipIf(reason)(`what Kubernetes and BuildKit say${reason ? ` (skipped: ${reason})` : ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-deploycheck-"));
  const program = join(folder, "deploycheck");
  const kubernetes = join(repository, "deploy/kubernetes");

  beforeAll(() => {
    // go.sum must do as it is committed; and no go.work of whoever runs this counts.
    const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly" };
    execFileSync("go", ["vet", "./..."], { cwd: sources, env });
    execFileSync("go", ["build", "-o", program, "."], { cwd: sources, env });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function check(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return { status, stderr, lines: stdout.trim().split("\n").toSorted() };
  }

  /** Writes a file with a fault, and returns its path. */
  function faulty(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  it("is that the manifests for PostgreSQL are objects of Kubernetes, and nothing else", () => {
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

  it("is that those for SQLite are too", () => {
    const { status, lines } = check("manifests", join(kubernetes, "sqlite"));
    expect(status).toBe(0);
    expect(lines).toContain("apps/v1 StatefulSet mdps");
  });

  it("is that the examples of secrets and the extra for the Prometheus operator are too", () => {
    const files = ["postgres/secrets.example.yaml", "monitoring/pod-monitor.yaml"];
    const { status, lines } = check("objects", ...files.map((file) => join(kubernetes, file)));
    expect(status).toBe(0);
    expect(lines).toHaveLength(4);
  });

  it("is that a field which is misspelt, or of another type, is none", () => {
    const service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: [{port: 1}]}\n";
    expect(check("objects", faulty("field.yaml", service)).stderr).toMatch(
      /v1 Service x: .*unknown field "port"/,
    );
    const type = service.replace("port: [{port: 1}]", "ports: [{port: one}]");
    expect(check("objects", faulty("type.yaml", type)).status).toBe(1);
  });

  it("is that the Dockerfile breaks no rule", () => {
    const stages = readDockerfile().toSorted((a, b) => a.name.localeCompare(b.name));
    expect(check("dockerfile", join(repository, "deploy/docker/Dockerfile"))).toMatchObject({
      status: 0,
      stderr: "",
      // And that the other tests read it as BuildKit does.
      lines: stages.map(({ name, instructions }) => `stage ${name} with ${instructions.length} instructions`),
    });
  });

  it("is that one with an instruction of old times does, and one that it does not know is none", () => {
    const old = faulty("Dockerfile", "FROM debian:13\nMAINTAINER somebody\n");
    expect(check("dockerfile", old)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/Maintainer/),
    });
    const unknown = faulty("Dockerfile", "FROM debian:13\nCOPPY a b\n");
    expect(check("dockerfile", unknown)).toMatchObject({ status: 1, stderr: expect.stringMatching(/COPPY/) });
  });
});
