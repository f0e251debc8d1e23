import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { file_mobiledataplansharing_serving_v1_plan_serving_service as serving } from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { file_mobiledataplansharing_v1_enums as enums } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { file_mobiledataplansharing_v1_errors as errors } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { file_mobiledataplansharing_v1_plan_group_service as planGroups } from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { file_mobiledataplansharing_v1_plan_status_service as planStatuses } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { file_mobiledataplansharing_v1_plans as plans } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { file_mobiledataplansharing_v1_resources as resources } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { publishedManifest } from "../../scripts/build/published-manifest.ts";
import * as client from "../../src/client/index.ts";
import * as contract from "../../src/contract-entry.ts";
import * as main from "../../src/index.ts";

const root = join(import.meta.dirname, "..", "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const published = publishedManifest(manifest);

it("package.json has at most 12 runtime dependencies in exact versions, and large ones are optional", () => {
  const versions = Object.values<string>(manifest.dependencies);
  expect(versions.length).toBeLessThanOrEqual(12);
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  const optional = ["@bufbuild/protoplugin", "cassandra-driver", "google-auth-library", "pg"];
  expect(Object.keys(manifest.peerDependenciesMeta).toSorted()).toEqual(optional);
  for (const name of optional) {
    expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  }
});

it("package.json leaves the copies of protobuf-es and Connect to the project that installs it", () => {
  const { peerDependencies, peerDependenciesMeta } = manifest;
  const required = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name] === undefined);
  expect(required.toSorted()).toEqual(["@bufbuild/protobuf", "@connectrpc/connect"]);
});

it("the published manifest has ranges, and docs/package.md those of the peers", () => {
  const { dependencies, peerDependencies } = published;
  for (const [name, range] of Object.entries<string>(dependencies)) {
    expect(range, name).toMatch(/^\^\d+\.\d+\.\d+$/);
  }
  // connect-node requires the Connect of its own version.
  expect(dependencies["@connectrpc/connect-node"]).toBe(peerDependencies["@connectrpc/connect"]);
  const text = readFileSync(join(root, "docs/package.md"), "utf8");
  const listed = [...text.matchAll(/^\| `(\S+)` \| `([\^>=\d.]+)`(, optional)? \|/gm)];
  const { peerDependenciesMeta } = manifest;
  expect(Object.fromEntries(listed.map(([, name, range]) => [name, range]))).toEqual(peerDependencies);
  expect(
    listed
      .filter(([, , , optional]) => optional)
      .map(([, name]) => name)
      .toSorted(),
  ).toEqual(Object.keys(peerDependenciesMeta).toSorted());
});

it("package.json has as many runtime dependencies as bench/README.md states", () => {
  const text = readFileSync(join(root, "bench/README.md"), "utf8");
  const [, count] = /\| direct dependencies \(at most 12\) \| (\d+) \|/.exec(text) ?? [];
  expect(Number(count)).toBe(Object.keys(manifest.dependencies).length);
});

it("package.json has the entry points that docs/package.md lists", () => {
  const text = readFileSync(join(root, "docs/package.md"), "utf8");
  const listed = [...text.matchAll(/^\| `(?:mobile-data-plan-sharing|…\/(\S+))` \|/gm)].map(([, path]) =>
    path === undefined ? "." : `./${path}`,
  );
  const unlisted = ["./gen/*.js", "./package.json"];
  expect(listed).toEqual(Object.keys(manifest.exports).filter((entry) => !unlisted.includes(entry)));
});

it("package.json is private, and the manifest of the built package is not", () => {
  expect(manifest.private).toBe(true);
  expect(Object.keys(published)).not.toContain("private");
});

it("package.json names existing files, and the published manifest names compiled files", () => {
  const targetsOf = (target: unknown): string[] =>
    typeof target === "string" ? [target] : Object.values(target ?? {}).flatMap(targetsOf);
  const ofRepository = targetsOf([manifest.exports, manifest.bin]);
  const tracked = ofRepository.filter((path) => !path.includes("*") && !path.startsWith("./dist/"));
  expect(tracked.length).toBeGreaterThan(5);
  expect(tracked.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const ofPackage = targetsOf([published.exports, published.imports, published.bin]);
  expect(ofPackage.filter((path) => path.endsWith(".ts") || path.includes("dist/"))).toEqual([]);
  expect(published.bin).toEqual({
    mdps: "src/cli/main.js",
    "protoc-gen-es-codec": "src/codec/plugin/main.js",
  });
  expect(published.imports).toEqual({ "#deps/*.js": "./gen-deps/*.js" });
});

it("the contract's entry exports every message, enum and service, and the functions that need no Node", () => {
  const expected = [enums, errors, planGroups, planStatuses, plans, resources, serving].flatMap((file) => [
    ...file.messages.map(({ name }) => `${name}Schema`),
    ...file.enums.flatMap(({ name }) => [name, `${name}Schema`]),
    ...file.services.map(({ name }) => name),
    ...file.extensions.map(({ name }) => name),
  ]);
  const ofClient = Object.keys(client).filter(
    (name) => !/^(createPlanSharingClient|googleCredentials)$/.test(name),
  );
  const own = ["asnOfParent", "clientIds", "errorDomain", "parentOf", "parseResourceName", "resourceName"];
  expect(Object.keys(contract).toSorted()).toEqual([...expected, ...ofClient, ...own].toSorted());
});

it("the main entry exports the contract and the client", () => {
  const expected = new Set([...Object.keys(contract), ...Object.keys(client)]);
  expect(Object.keys(main).toSorted()).toEqual([...expected].toSorted());
});
