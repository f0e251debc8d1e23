import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import {
  type Answer,
  accept,
  fail,
  startStubEndpoint,
  storedName,
} from "../../support/http/stub-endpoint.ts";
import { printToken, runProgram, startProgram, startServe } from "../../support/program.ts";
import { manyLines, writeLines } from "../../support/push-inputs.ts";
import { argsOf, env, onlyRun, summaryOf } from "../../support/push-runs.ts";

const page =
  (
    status: number,
    type = "text/html",
    body = "<html><title>Blocked</title><h1>by nginx</h1></html>",
  ): Answer =>
  (_, response) =>
    response.writeHead(status, { "content-type": type }).end(body);

/** Pushes records to an endpoint that gives each request the same answer, for 1 s at most. */
async function pushTo(answer: Answer, records = 20) {
  const directory = await dataDirectory();
  const endpoint = await startStubEndpoint(answer);
  const file = await writeLines(directory, manyLines(records));
  const args = [...argsOf(directory, endpoint.url), "--patience", "1"];
  const outcome = await runProgram(["push", file, ...args], { env });
  const runs = await readdir(join(directory, "runs")).catch(() => []);
  return { outcome, summary: summaryOf(outcome), runs, endpoint };
}

describe("mdps push to something that is not this API", () => {
  it.each<[string, Answer, string]>([
    [
      "a page with status 403",
      page(403),
      'HTTP 403 text/html "Blocked by nginx": the answer is not from this API',
    ],
    ["a page with status 401", page(401), 'HTTP 401 text/html "Blocked by nginx"'],
    ["a log-in page with status 200", page(200), 'HTTP 200 text/html "Blocked by nginx"'],
    ["an empty body", page(200, "application/json", ""), "HTTP 200 application/json: the answer"],
    ["an unknown status", page(600), "HTTP 600 text/html"],
    [
      "another API's error",
      page(400, "application/json", '{"error":{"code":400,"message":"no"}}'),
      "HTTP 400",
    ],
    [
      "another record's name",
      page(200, "application/json", '{"name":"operators/65001/planStatuses/other"}'),
      'has another name than "operators/65001/planStatuses/***',
    ],
    [
      "half a document",
      ({ path }, response) =>
        response.setHeader("content-type", "application/json").end(`{"name":"${storedName(path)}","plans":[`),
      "HTTP 200 application/json",
    ],
    [
      "a field of a wrong type",
      ({ path }, response) =>
        response
          .setHeader("content-type", "application/json")
          .end(`{"name":"${storedName(path)}","plans":5}`),
      "HTTP 200 application/json",
    ],
  ])("waits for --patience and rejects nothing after %s", async (_, answer, message) => {
    const { outcome, summary, runs } = await pushTo(answer);
    expect(summary).toMatchObject({ end: "unreachable", pushed: 0, rejected: 0 });
    expect(summary.message).toContain(message);
    expect([outcome.exitCode, runs]).toEqual([5, []]);
  });

  it.each<[string, Answer, string]>([
    ["a page with status 404", page(404), 'HTTP 404 text/html "Blocked by nginx"'],
    ["status 405", page(405), "HTTP 405"],
    [
      "a redirect",
      (_, response) => response.writeHead(302, { location: "https://login.example.com/a?b" }).end(),
      "HTTP 302, which redirects to https://login.example.com: the answer is not from this API",
    ],
    [
      "the error of an unknown route",
      (_, response) =>
        fail(response, 404, "NOT_FOUND", [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            reason: "ROUTE_NOT_FOUND",
            domain: "mobile-data-plan-sharing",
          },
        ]),
      "answered NOT_FOUND",
    ],
  ])("exits with 7 at once after %s, and leaves no run", async (_, answer, message) => {
    const { outcome, summary, runs, endpoint } = await pushTo(answer);
    expect(summary).toMatchObject({ end: "unusable", pushed: 0, rejected: 0, repeated: 0 });
    expect(summary.message).toContain(message);
    expect([outcome.exitCode, runs, summary.run, summary.resume]).toEqual([7, [], undefined, undefined]);
    expect(endpoint.received.length).toBeLessThanOrEqual(8);
  });

  it("exits with 7 when the certificate is not trusted, and says that no run was kept", async () => {
    const directory = await dataDirectory();
    const server = createServer(testCertificate, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = argsOf(directory, url).filter((arg) => arg !== "--json");
    const file = await writeLines(directory, manyLines(1));
    const outcome = await runProgram(["push", file, ...args], { env });
    expect(outcome.stdout).toMatch(/^stopped: the endpoint is not usable as it is: self-signed certificate/);
    expect(outcome.stdout).toMatch(/\n {2}run {12}none: no record was done/);
    expect(outcome.stdout).not.toContain("--resume");
    expect([outcome.exitCode, await readdir(join(directory, "runs"))]).toEqual([7, []]);
  });

  it.each(["rest", "connect", "grpc-web", "grpc"])(
    "exits with 7 when the URL of a server has a wrong path, over %s",
    async (protocol) => {
      const directory = await dataDirectory();
      const server = await startServe(join(directory, "data"));
      const token = { MDPS_TOKEN: await printToken(join(directory, "data")) };
      const file = await writeLines(directory, manyLines(3));
      const args = [...argsOf(directory, `${server.url}/wrong`), "--protocol", protocol];
      const outcome = await runProgram(["push", file, ...args], { env: token });
      expect(summaryOf(outcome)).toMatchObject({ end: "unusable", rejected: 0 });
      expect(outcome.exitCode).toBe(7);
    },
  );

  it("waits for pages with status 404 once the API has answered, and pushes every record", async () => {
    let count = 0;
    const { summary } = await pushTo((request, response, message) => {
      count += 1;
      const isPage = count > 20 && count <= 40;
      return isPage ? page(404)(request, response, message) : accept(request, response);
    }, 100);
    expect(summary).toMatchObject({ end: "finished", pushed: 100, rejected: 0 });
    expect(summary.repeated).toBe(20);
  });

  it("keeps a resumed run in which nothing is done", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) =>
      request.userKey === "user-1" ? accept(request, response) : page(403)(request, response, null as never),
    );
    const file = await writeLines(directory, manyLines(3));
    const args = [...argsOf(directory, endpoint.url), "--patience", "1"];
    expect((await runProgram(["push", file, ...args], { env })).exitCode).toBe(5);
    const run = await onlyRun(directory);
    const again = await runProgram(["push", "--resume", run, "--patience", "1", "--json"], { env });
    expect(summaryOf(again)).toMatchObject({ end: "unreachable", pushed: 1, run });
    expect(await onlyRun(directory)).toBe(run);
  });

  it("says on standard error for how long it has been waiting and why", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint();
    await endpoint.close();
    const file = await writeLines(directory, manyLines(3));
    const args = [...argsOf(directory, endpoint.url), "--patience", "4"];
    const { exitCode, stderr } = await startProgram(["push", file, ...args], { env }).ended;
    expect(stderr).toMatch(
      new RegExp(
        `^0 done, 0/s, 0 rejected, \\d+ %, waiting \\d s: connect ECONNREFUSED 127.0.0.1:${endpoint.port}\n$`,
      ),
    );
    expect(exitCode).toBe(5);
  });

  it("leaves no run when there are no credentials", async () => {
    const directory = await dataDirectory();
    const file = await writeLines(directory, manyLines(1));
    const outcome = await runProgram(["push", file, ...argsOf(directory, "http://127.0.0.1:1")]);
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^mdps: no credentials/) });
    expect(await readdir(join(directory, "runs")).catch(() => [])).toEqual([]);
  });
});

describe("mdps push and the texts of a server", () => {
  const nasty = "\u001b[2J\u001b]0;title\u0007\u009b1m\u202e";
  const { MDPS_TOKEN: token } = env;
  const text = `${nasty} ${token} ${token.slice(0, 9)} ${token.replaceAll("-", "%2D")} eyJhbGciOiJSUzI1NiJ9.e30.c2ln`;
  const leak = /(?!\n)[\p{Cc}\p{Cf}]|secret-t|secret%2D|eyJhbGci/u;

  it("writes them escaped and without the access token to the terminal and to the files of the run", async () => {
    const directory = await dataDirectory();
    const error = (status: string) => ({
      status,
      message: text,
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: `R${text}`,
          domain: "d",
          metadata: { [`m${text}`]: text },
        },
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: text, description: text }],
        },
      ],
    });
    const answers: Record<string, Answer> = {
      "user-1": accept,
      "user-2": (_, response) => sendError(response, 400, error("INVALID_ARGUMENT")),
      "user-3": (_, response) => sendError(response, 409, error("ABORTED")),
    };
    const endpoint = await startStubEndpoint(async (request, response, message) => {
      const answer = answers[request.userKey];
      await (answer ?? page(503, "text/html", `<b>${text}</b>`))(request, response, message);
    });
    const file = await writeLines(directory, manyLines(4));
    const args = argsOf(directory, endpoint.url).filter((arg) => arg !== "--json");
    const outcome = await runProgram(["push", file, ...args, "--patience", "4"], { env });
    expect(outcome.exitCode).toBe(5);
    expect(outcome.stdout).toContain("\\u001b[2J\\u001b]0;title\\u0007\\u009b1m\\u202e *** *** *** ***");
    expect(outcome.stderr).toContain("waiting");
    const run = await onlyRun(directory);
    const names = ["summary.json", "rejected-reasons.ndjson", "superseded.ndjson", "checkpoint.log"];
    const written = await Promise.all(names.map((name) => readFile(join(run, name), "utf8")));
    for (const shown of [outcome.stdout, outcome.stderr, ...written]) {
      expect(shown).not.toMatch(leak);
      expect(shown).toContain("***");
    }
  });

  it("writes them escaped and without the access token when the token is rejected", async () => {
    const { outcome } = await pushTo((_, response) =>
      sendError(response, 401, { status: "UNAUTHENTICATED", message: text }),
    );
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stdout).not.toMatch(leak);
  });
});

function sendError(response: Parameters<Answer>[1], code: number, error: object): unknown {
  response.writeHead(code, { "content-type": "application/json" });
  return response.end(JSON.stringify({ error: { code, ...error } }));
}
