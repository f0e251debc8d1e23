import { writeFile } from "node:fs/promises";
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { JWT } from "google-auth-library";
import { Discovery } from "googleapis-common";
import { expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { KeyFile } from "../../src/auth/accounts/administration.ts";
import {
  createPlanSharingClient,
  googleCredentials,
  type PlanSharingProtocol,
} from "../../src/client/index.ts";
import { exampleStatus } from "../../src/examples/index.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { startPrefixProxy } from "../support/http/prefix-proxy.ts";
import { runProgram, startServe } from "../support/program.ts";

const parent = "operators/65001";
const status = () => exampleStatus(new Date()) as JsonObject;

async function startBehind(proxy: { url: string; target: string }) {
  const directory = await dataDirectory();
  const server = await startServe(directory, ["--public-url", `${proxy.url}/`]);
  proxy.target = server.url;
  return { directory };
}

async function createKey(directory: string, url: string, ...args: string[]): Promise<KeyFile> {
  const create = [
    "service-account",
    "create",
    "--operator",
    "65001",
    "--access",
    "both",
    "--data",
    directory,
  ];
  const { stdout } = await runProgram([...create, "--endpoint", url, ...args]);
  return JSON.parse(stdout) as KeyFile;
}

it("a client behind a path of another host gets a token there and pushes over every HTTP/1.1 protocol", async () => {
  await using proxy = await startPrefixProxy("/api/mdps");
  const { directory } = await startBehind(proxy);
  const key = await createKey(directory, `${proxy.url}/`);
  expect(key.token_uri).toBe(`${proxy.url}/token`);
  for (const protocol of ["rest", "connect", "grpc-web"] satisfies PlanSharingProtocol[]) {
    const client = createPlanSharingClient({ endpoint: proxy.url, protocol, token: googleCredentials(key) });
    const { name } = await client.createPlanStatus({
      parent,
      userKey: `a/${protocol}`,
      planStatus: fromJson(PlanStatusSchema, status()),
    });
    expect(name).toBe(`${parent}/planStatuses/a%2F${protocol}`);
  }
  expect(proxy.paths).toContain("/api/mdps/token");
  expect(proxy.paths.filter((path) => !path.startsWith("/api/mdps/"))).toEqual([]);
});

it("this project's client sends gRPC to the path as well", async () => {
  await using proxy = await startPrefixProxy("/mdps", 2);
  const { directory } = await startBehind(proxy);
  const { stdout } = await runProgram(["token", "--operator", "65001", "--data", directory]);
  const client = createPlanSharingClient({ endpoint: proxy.url, protocol: "grpc", token: stdout.trim() });
  await client.createPlanGroup({ parent, planGroupId: "g" });
  expect(proxy.paths).toEqual(["/mdps/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup"]);
});

it.each(["rest", "connect"])(
  "mdps push gets its token at the path and sends records to it over %s",
  async (protocol) => {
    await using proxy = await startPrefixProxy("/mdps");
    const { directory } = await startBehind(proxy);
    const [key, file] = [`${directory}/key.json`, `${directory}/statuses.ndjson`];
    await writeFile(key, JSON.stringify(await createKey(directory, proxy.url)), { mode: 0o600 });
    await writeFile(
      file,
      [1, 2, 3].map((user) => `${JSON.stringify({ userKey: `u/${user}`, ...status() })}\n`).join(""),
    );
    const push = [
      "push",
      file,
      "--operator",
      "65001",
      "--client",
      "any",
      "--user-key-field",
      "userKey",
      "--runs",
      `${directory}/runs`,
    ];
    const options = ["--endpoint", `${proxy.url}/`, "--credentials", key, "--protocol", protocol];
    const { stdout, stderr, exitCode } = await runProgram([...push, ...options]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr + stdout }).toEqual({ exitCode: 0, stderr: "" });
    expect(proxy.paths.filter((path) => path !== "/mdps/token")).toHaveLength(3);
    expect(proxy.paths.filter((path) => !path.startsWith("/mdps/"))).toEqual([]);
  },
);

it("Google's client for Node finds the path in the Discovery document, and in no other place", async () => {
  await using proxy = await startPrefixProxy("/mdps");
  const { directory } = await startBehind(proxy);
  const document = (await (await fetch(`${proxy.url}/$discovery/rest?version=v1`)).json()) as Record<
    string,
    unknown
  >;
  const { origin } = new URL(proxy.url);
  expect(document).toMatchObject({
    rootUrl: `${origin}/`,
    servicePath: "mdps/",
    basePath: "/mdps/",
    baseUrl: `${proxy.url}/`,
    batchPath: "mdps/batch",
  });
  const key = await createKey(directory, proxy.url, "--universe-domain", "mdps.internal");
  const auth = new JWT({ scopes: ["https://www.googleapis.com/auth/dataplansharing"] });
  auth.fromJSON(key);
  const make = await new Discovery({}).discoverAPI(`${proxy.url}/$discovery/rest?version=v1`);
  const api = make({ auth, universeDomain: "mdps.internal" }, {}) as unknown as {
    operators: { planGroups: { create(request: object): Promise<{ data: object }> } };
  };
  const { data } = await api.operators.planGroups.create({ parent, requestBody: { planGroupId: "g" } });
  expect(data).toEqual({ name: `${parent}/planGroups/g` });
  expect(proxy.paths.filter((path) => !path.startsWith("/mdps/"))).toEqual([]);
});
