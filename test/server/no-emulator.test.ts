import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerReflection } from "#deps/grpc/reflection/v1/reflection_pb.js";
import { EmulatorService } from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { callRaw } from "../support/http/raw-call.ts";
import { protocols, startTestServer, type TestServer } from "../support/test-server.ts";

const root = join(import.meta.dirname, "../..");

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

describe("a server that is not an emulator", () => {
  it.each(protocols)("has no EmulatorService over %s", async (protocol) => {
    const { httpStatus, error } = await callRaw({
      url: server.url,
      protocol,
      token: server.token,
      method: protocol === "rest" ? "GET /emulator/v1/clock" : `${EmulatorService.typeName}/GetClock`,
      format: "json",
      body: "{}",
    });
    expect(error).toBeDefined();
    expect({ httpStatus, message: error?.message }).toEqual(
      protocol === "grpc" || protocol === "grpc-web"
        ? {
            httpStatus: 200,
            message: "[unimplemented] unknown method: names of services and methods are case-sensitive",
          }
        : { httpStatus: 404, message: expect.stringMatching(/./) },
    );
  });

  it("does not list it by reflection, in OpenAPI or in the Discovery document", async () => {
    const reflection = createClient(ServerReflection, createGrpcTransport({ baseUrl: server.url }));
    const answers = reflection.serverReflectionInfo(
      (async function* () {
        yield { messageRequest: { case: "listServices" as const, value: "" } };
      })(),
    );
    const { value } = await answers[Symbol.asyncIterator]().next();
    expect(JSON.stringify(value?.messageResponse)).toContain("mobiledataplansharing.v1.PlanStatusService");
    expect(JSON.stringify(value?.messageResponse)).not.toContain("emulator");
    for (const path of ["/openapi.json", "/$discovery/rest?version=v1"]) {
      const response = await fetch(server.url + path);
      expect(response.status, path).toBe(200);
      expect(await response.text(), path).not.toMatch(/\/emulator\/|EmulatorService/);
    }
  });

  it("serves no console: its paths are 404, like every path that no method has", async () => {
    for (const path of ["/", "/?x=1", "/console/licenses.txt", "/console/"]) {
      const response = await fetch(server.url + path);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([
        path,
        404,
        "application/json; charset=utf-8",
      ]);
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error.message).toBe("no method has this path");
    }
  });

  it("loads no code of the emulator, in mdps serve and as a library", async () => {
    const script = `
      import { registerHooks } from "node:module";
      const urls = [];
      registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
      for (const path of process.argv.slice(1)) await import(path);
      console.log(JSON.stringify(urls));`;
    const entries = ["src/server/server.ts", "src/cli/commands/serve.ts"].map((path) => join(root, path));
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      script,
      ...entries,
    ]);
    const urls = JSON.parse(stdout) as string[];
    expect(urls.some((url) => url.endsWith("/src/server/server.ts"))).toBe(true);
    expect(urls.filter((url) => /\/emulator\//.test(url))).toEqual([]);
  });
});
