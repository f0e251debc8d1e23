import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { repository } from "./dockerfile.ts";

const text = readFileSync(join(repository, "docs/operations.md"), "utf8");
const main = join(repository, "src/cli/main.ts");

/** Programs that this machine may lack: blocks that only use them are not run. */
const external = /^(docker|kubectl) /;

/** Each block of shell commands, with its name if a test runs it. */
const blocks = [...text.matchAll(/(?:<!-- snippet: (\S+) -->\n)?```sh\n([\s\S]*?)\n```/g)].map(
  ([, name, block = ""]) => ({ name, block }),
);

it("docs/operations.md has no block of commands that no test runs, except those of docker, proxies and exporters", () => {
  const untested = blocks
    .filter(({ name }) => name === undefined)
    .map(({ block }) => block.replaceAll("\\\n", " ").split("\n"))
    .filter((lines) => !lines.every((line) => external.test(line)))
    .map(([line]) => line);
  expect(untested).toEqual([
    // Needs a proxy, or an exporter that is not installed here. The tests of both settings do not use these words.
    "mdps serve --public-url https://example.com/mdps",
    'NODE_OPTIONS="--import ./otel.mjs" mdps serve',
  ]);
});

it("the commands of docs/operations.md for Kubernetes create every file that they pass to kubectl", () => {
  const folder = mkdtempSync(join(tmpdir(), "mdps-operations-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "mdps"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  // Fails for a file or folder that does not exist, and prints the names of the others.
  writeFileSync(
    join(bin, "kubectl"),
    `#!/bin/sh\nset -e\nkustomize=\nfor word; do
      case "$kustomize$word" in
        --kustomize) kustomize=--kustomize= ;;
        --from-file=*|--cert=*|--key=*|--kustomize=*) path="\${kustomize:+$word}"; path="\${path:-\${word#*=}}"; kustomize=; ls -d "$path" ;;
      esac
    done\n`,
  );
  for (const program of ["mdps", "kubectl"]) {
    chmodSync(join(bin, program), 0o755);
  }
  symlinkSync(join(repository, "deploy"), join(folder, "deploy"));
  for (const name of ["tls.crt", "tls.key"]) {
    writeFileSync(join(folder, name), "");
  }
  const { block = "false" } = blocks.find(({ name }) => name === "kubernetes.sh") ?? {};
  const printed = execFileSync("sh", ["-euc", block], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  expect(printed.trim().split("\n")).toEqual([
    expect.stringMatching(/^key\.json: key \w+ of operator-65001@/),
    "installation/signing-key.json",
    "installation/service-accounts.json",
    "tls.crt",
    "tls.key",
    "deploy/kubernetes/postgres",
  ]);
  expect(JSON.parse(readFileSync(join(folder, "key.json"), "utf8")).token_uri).toBe(
    "https://mdps.example.com/token",
  );
});
