import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { testCertificate, testCertificateFiles } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { accept, fail, startStubEndpoint } from "../../support/http/stub-endpoint.ts";
import { runProgram } from "../../support/program.ts";
import { statusJson, writeLines } from "../../support/push-inputs.ts";
import { argsOf, env, onlyRun, summaryOf } from "../../support/push-runs.ts";

const redirect = new URL("../../support/http/redirect-google.cjs", import.meta.url).pathname;

/** Starts a server that the program takes for Google's, and records what it receives. */
async function startFakeGoogle() {
  const received: { host: string | undefined; path: string | undefined; body: string }[] = [];
  const server = createServer(testCertificate, async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) {
      body += chunk;
    }
    received.push({ host: request.headers.host, path: request.url, body });
    accept({ path: request.url ?? "" }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    received,
    env: {
      ...env,
      NODE_OPTIONS: `-r ${redirect}`,
      NODE_EXTRA_CA_CERTS: testCertificateFiles.cert,
      FAKE_GOOGLE_PORT: String((server.address() as AddressInfo).port),
    },
  };
}

const base = JSON.stringify(statusJson("t")).slice(1, -1);
/** A status as nobody else would write it, which the contract does not know all of. */
const unusual = `{ "newField" : {"2":1.0, "1":12345678901234567890, "é":"\\u00e9"},${base}, "plans":[{"planId":"p" , "planModules":[{"moduleName":"m","description":"d","coarseBalanceLevel":"CRITICAL","bonus":-0}]}] }`;
const requestLine = (userKey: string, status = unusual) =>
  `{"userKey":"${userKey}","note":"x","planStatus": ${status} }`;

describe("mdps push towards Google's hosts", () => {
  it.each([
    ["production", "mobiledataplansharing.googleapis.com"],
    ["preproduction", "preprod-mobiledataplansharing.googleapis.com"],
  ])("sends a status with unknown fields as it is written to %s, and warns once", async (endpoint, host) => {
    const google = await startFakeGoogle();
    const directory = await dataDirectory();
    const file = await writeLines(
      directory,
      Array.from({ length: 50 }, (_, user) => requestLine(`user-${user}`)),
    );
    const outcome = await runProgram(["push", file, ...argsOf(directory, endpoint)], { env: google.env });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 50, rejected: 0 });
    expect(google.received.map((each) => each.body)).toEqual(Array(50).fill(unusual));
    expect(new Set(google.received.map((each) => each.host))).toEqual(new Set([host]));
    const module = "planStatus.plans[].planModules[]";
    expect(Object.entries(summaryOf(outcome).warnings)).toEqual([
      ["note: is not a field of CreateUserPlanStatusRequest; it is not sent", 50],
      ["planStatus.newField: is not a field of PlanStatus", 50],
      [expect.stringMatching(/coarseBalanceLevel: must be one of/), 50],
      [`${module}.bonus: is not a field of PlanModule`, 50],
      [`${module}: must set at least one of byteBalance, timeBalance and coarseBalanceLevel`, 50],
    ]);
    const lines = outcome.stderr.trim().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe("warning: line 1: planStatus.newField: is not a field of PlanStatus");
  });

  it("sends records that exceed the limits of this project and names an unknown client in the path", async () => {
    const google = await startFakeGoogle();
    const directory = await dataDirectory();
    const module = '{"moduleName":"m","description":"d","coarseBalanceLevel":"HIGH_QUOTA"}';
    const plans = Array(200).fill(
      `{"planId":"p","planName":"${"n".repeat(6_000)}","planModules":[${module}]}`,
    );
    const status = `{${base},"plans":[${plans.join(",")}]}`;
    const file = await writeLines(directory, [`{"userKey":"u","clientId":"new/app","planStatus":${status}}`]);
    const args = argsOf(directory, "production");
    const outcome = await runProgram(["push", file, ...args], { env: google.env });
    expect(summaryOf(outcome)).toMatchObject({ pushed: 1 });
    expect(google.received).toEqual([
      {
        host: "mobiledataplansharing.googleapis.com",
        path: "/v1/operators/65001/clients/new%2Fapp/users/u/planStatus",
        body: status,
      },
    ]);
    const warnings = Object.keys(summaryOf(outcome).warnings);
    expect(warnings).toHaveLength(4);
    expect(warnings).toContainEqual(expect.stringMatching(/^record: is longer than 1048576 bytes/));
    expect(warnings).toContainEqual(
      expect.stringMatching(/^planStatus\.plans: must contain no more than \d+ /),
    );
    expect(warnings).toContainEqual(
      expect.stringMatching(/^planStatus\.plans\[\]\.planName: must be at most/),
    );
    expect(warnings).toContainEqual(expect.stringMatching(/^clientId: must be in list/));
  });

  it("refuses unknown fields with --unknown-fields refuse, and reports them no more with ignore", async () => {
    const google = await startFakeGoogle();
    const directory = await dataDirectory();
    const file = await writeLines(directory, [requestLine("u")]);
    const push = (mode: string) =>
      runProgram(["push", file, ...argsOf(directory, "production"), "--unknown-fields", mode], {
        env: google.env,
      });
    expect(summaryOf(await push("refuse"))).toMatchObject({ pushed: 0, rejected: 1 });
    const ignored = await push("ignore");
    expect(summaryOf(ignored)).toMatchObject({ pushed: 1, warnings: {} });
    expect(ignored.stderr).toBe("");
    expect(google.received.map(({ body }) => body)).toEqual([unusual]);
  });
});

describe("mdps push towards Google's hosts over another protocol", () => {
  it("is refused as a usage error, before a run is created", async () => {
    const directory = await dataDirectory();
    const file = await writeLines(directory, [requestLine("u")]);
    const args = ["push", file, ...argsOf(directory, "production"), "--protocol", "grpc"];
    const { exitCode, stderr } = await runProgram(args, { env });
    expect(stderr).toMatch(/^mdps: Google's hosts support --protocol rest only, not grpc\n/);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).toBe(1);
    await expect(onlyRun(directory)).rejects.toThrow("ENOENT");
  });
});

describe("mdps push towards another server", () => {
  it("refuses unknown fields, clients and long lists unless an option says otherwise", async () => {
    const endpoint = await startStubEndpoint();
    const directory = await dataDirectory();
    const long = `{${base},"plans":[${Array(200).fill('{"planId":"p"}').join(",")}]}`;
    const client = `{"userKey":"u","clientId":"newapp","planStatus":{${base}}}`;
    const file = await writeLines(directory, [requestLine("a"), requestLine("b", long), client]);
    const args = ["push", file, ...argsOf(directory, endpoint.url)];
    expect(summaryOf(await runProgram(args, { env }))).toMatchObject({ pushed: 0, rejected: 3 });
    const warned = await runProgram([...args, "--unknown-fields", "warn"], { env });
    expect(summaryOf(warned)).toMatchObject({ pushed: 2, rejected: 1 });
    expect(endpoint.received.map(({ body }) => body).sort()).toEqual([unusual, `{${base}}`].sort());
  });

  it("takes the status without the user key from a plain PlanStatus as it is written", async () => {
    const endpoint = await startStubEndpoint();
    const directory = await dataDirectory();
    const keyed = (at: number) => {
      const parts = ['"newField": 1.50', base, '"x":[1 , 2]'];
      parts.splice(at, 0, '"msisdn":"4917\\u0030"');
      return `{${parts.join(",")}}`;
    };
    const file = await writeLines(directory, [keyed(0), keyed(1), keyed(3)]);
    const args = ["--user-key-field", "msisdn", "--unknown-fields", "warn"];
    const outcome = await runProgram(["push", file, ...argsOf(directory, endpoint.url), ...args], { env });
    expect(summaryOf(outcome)).toMatchObject({ pushed: 3 });
    expect(endpoint.received.map(({ body }) => body)).toEqual(
      Array(3).fill(`{"newField": 1.50,${base},"x":[1 , 2]}`),
    );
    expect(endpoint.received[0]?.userKey).toBe("49170");
  });

  it("prints at most a hundred warnings, and none again when the run is resumed", async () => {
    let isDown = false;
    const endpoint = await startStubEndpoint((request, response) =>
      isDown && request.userKey !== "u0" ? fail(response, 401, "UNAUTHENTICATED") : accept(request, response),
    );
    const directory = await dataDirectory();
    const lines = Array.from({ length: 300 }, (_, user) =>
      requestLine(`u${user}`, `{${base},"f${user}":1,"g":2}`),
    );
    const file = await writeLines(directory, [...lines, requestLine("last", `{${base},"g":2}`)]);
    isDown = true;
    const args = [...argsOf(directory, endpoint.url), "--unknown-fields", "warn"];
    const stopped = await runProgram(["push", file, ...args], { env });
    expect(stopped.exitCode).toBe(4);
    isDown = false;
    const run = await onlyRun(directory);
    const outcome = await runProgram(["push", "--resume", run, "--json"], { env });
    expect(summaryOf(outcome)).toMatchObject({ end: "finished", pushed: 301 });
    const before = Object.keys(summaryOf(stopped).warnings);
    expect(before).toContain("planStatus.g: is not a field of PlanStatus");
    // With the line that says that further ones are counted only.
    expect(outcome.stderr.trim().split("\n")).toHaveLength(101 - before.length);
    const { warnings } = summaryOf(outcome);
    expect(Object.keys(warnings)).toHaveLength(101);
    expect(warnings["planStatus.g: is not a field of PlanStatus"]).toBe(301);
  });

  it("names the client that was perhaps meant", async () => {
    const file = await writeLines(await dataDirectory(), []);
    const args = ["--endpoint", "http://127.0.0.1:1", "--client", "youtub"];
    const outcome = await runProgram(["push", file, ...args]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/--client youtub: must be one of .*; did you mean youtube\?/);
  });
});
