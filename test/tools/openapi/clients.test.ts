import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingJava } from "../../../scripts/release/packages/java.ts";
import { systemClock } from "../../../src/contract/clock.ts";
import { checkFigures } from "../../support/compatibility/figures.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import {
  type Command,
  clients,
  type GeneratedClient,
  generateClients,
  openApiHeading,
  preparePrograms,
  resolveJava,
} from "./generators.ts";

// openapi-generator is a Java program.
const withoutJava = missingJava();
const missingOf = (client: GeneratedClient) =>
  (client.configuration === undefined ? undefined : withoutJava) ?? client.missing();
const present = clients.filter((client) => missingOf(client) === undefined);
const folder = mkdtempSync(join(tmpdir(), "mdps-openapi-"));

/** An error of a later version: a code, a reason, a type of detail and members that the document does not name. */
const unknownError = {
  error: {
    code: 418,
    message: "the server is a teapot",
    status: "TEAPOT",
    since: "2027",
    details: [
      { "@type": "type.googleapis.com/google.rpc.Teapot", capacity: { litres: 1 } },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "IS_A_TEAPOT", domain: "tea", kind: 7 },
    ],
  },
};

describe("clients that are generated from the OpenAPI document", () => {
  const commands = new Map<string, Command>();
  const failures = new Map<string, unknown>();
  const rows: string[] = [];
  const stub = createServer((_, response) => {
    response.writeHead(418, { "content-type": "application/json" }).end(JSON.stringify(unknownError));
  });
  let server: TestServer;
  let env: Record<string, string> = {};

  beforeAll(async () => {
    server = await startTestServer({ clock: { ...systemClock, set() {} } });
    await new Promise<void>((resolve) => stub.listen(0, "127.0.0.1", resolve));
    const stubUrl = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;
    env = { MDPS_ENDPOINT: server.url, MDPS_TOKEN: server.token, MDPS_STUB: stubUrl };
    preparePrograms(folder, await (await fetch(`${server.url}/openapi.json`)).text());
    let classPath = "";
    if (withoutJava === undefined) {
      const java = await resolveJava(folder);
      classPath = java.classPath;
      await generateClients(folder, java.generator, present);
    }
    await Promise.all(
      present.map((client) =>
        client.compile({ folder, classPath }).then(
          (command) => commands.set(client.name, command),
          (cause) => failures.set(client.name, cause),
        ),
      ),
    );
  });
  afterAll(async () => {
    stub.close();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const client of clients) {
    const missing = missingOf(client);
    const condition = missing === undefined ? "" : ` (skipped: ${missing})`;
    it.skipIf(missing !== undefined)(
      `${client.name}: the client compiles, pushes, and reads the errors of the server and errors that it does not know${condition}`,
      async () => {
        expect(failures.get(client.name)).toBeUndefined();
        const { command, args, cwd } = commands.get(client.name) as Command;
        const { stdout } = await promisify(execFile)(command, [...args], {
          cwd,
          env: { ...process.env, ...env },
        });
        const results = JSON.parse(stdout) as Record<string, unknown>;
        expect(results).toMatchObject({
          accepted: ["operators/65001/planStatuses/a%2Fb+c==", "9223372036854775807"],
          refused: {
            status: 400,
            message: expect.stringContaining("expirationTime"),
            reason: "FIELD_INVALID",
            field: "plans[0].planModules[0].expirationTime",
          },
          unauthenticated: {
            status: 401,
            message: expect.stringContaining("token"),
            reason: "CREDENTIALS_INVALID",
          },
          unknown: { status: 418, message: "the server is a teapot", reason: "IS_A_TEAPOT" },
        });
        rows.push(`| ${client.name} | yes | yes | yes | yes | yes |`);
      },
    );
  }

  it.skipIf(present.length < clients.length)("docs/compatibility.md has the generated clients", () => {
    const lines = [
      "Generators make clients of `/openapi.json` of a server, with their default options. A program with each client pushes",
      "a status whose user key has a slash, and reads why the server rejects a push (the reason and the field) and a token. A",
      "stub answers with an error whose code, reason and details the document does not name.",
      "",
      "| Client | compiles | push | rejected push | rejected token | unknown error |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows,
      "",
      "The programs are in `test/tools/openapi/programs`.",
    ];
    const command = "--project tools test/tools/openapi/clients";
    expect(checkFigures({ heading: openApiHeading, command, lines })).toBeUndefined();
  });
});
