import { describe, expect, it } from "vitest";
import { createMethod, createRequest, runServer, runTool, serviceNames } from "./running-server.ts";

const buf = new URL("../../node_modules/.bin/buf", import.meta.url).pathname;

const overGrpc = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];

describe.each(["grpc-v1", "grpc-v1alpha"])("buf curl with reflection %s", (version) => {
  const reflect = ["--reflect", "--reflect-protocol", version];

  it("buf curl lists every method", async () => {
    const { url } = await runServer();
    const { stdout, stderr } = await runTool(buf, [...overGrpc, ...reflect, "--list-methods", url]);
    expect(stderr).toBe("");
    const methods = stdout.trim().split("\n");
    expect(methods).toContain(createMethod);
    expect([...new Set(methods.map((method) => method.split("/")[0]))].sort()).toEqual(serviceNames);
  });

  it.each(["grpc", "connect", "grpcweb"])(
    "buf curl calls a method over %s without a schema",
    async (protocol) => {
      const { url, token } = await runServer();
      const { stdout, stderr } = await runTool(buf, [
        ...["curl", "--protocol", protocol, "--http2-prior-knowledge", ...reflect],
        ...["-H", `Authorization: Bearer ${token}`, "-d", createRequest("a/b+c=="), `${url}/${createMethod}`],
      ]);
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({ name: "operators/65001/planStatuses/a%2Fb+c==" });
    },
  );
});

it("buf curl shows an error with its details", async () => {
  const { url, token } = await runServer();
  const { stderr, exitCode } = await runTool(buf, [
    ...[...overGrpc, "--reflect", "-H", `Authorization: Bearer ${token}`],
    ...["-d", '{"parent": "operators/65001"}', `${url}/${createMethod}`],
  ]);
  expect(exitCode).not.toBe(0);
  expect(JSON.parse(stderr)).toMatchObject({
    code: "invalid_argument",
    details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.BadRequest" }],
  });
});

describe("mdps serve", () => {
  it("buf curl reports missing reflection with mdps serve --no-reflection", async () => {
    const { url } = await runServer("--no-reflection");
    const { stderr, exitCode } = await runTool(buf, [...overGrpc, "--reflect", "--list-methods", url]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/unimplemented|reflection/i);
  });
});
