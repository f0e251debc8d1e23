import { context, propagation, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { secret, secretQueries as spellings } from "../../support/http/secret-queries.ts";
import { createLogLines, type LogLines } from "../../support/log-lines.ts";
import { parent, startTestServer, type TestServer } from "../../support/test-server.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

let server: TestServer;
let log: LogLines;
beforeAll(async () => {
  provider.register();
  log = createLogLines();
  server = await startTestServer({
    log: { level: "debug", destination: log },
    admin: { host: "127.0.0.1", port: 0 },
  });
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});
beforeEach(() => exporter.reset());

const status = `/v1/${parent}/planStatuses/nobody`;
const rpc = "/mobiledataplansharing.v1.PlanStatusService/GetPlanStatus";
const message = `connect=v1&encoding=json&message=${encodeURIComponent('{"name":"operators/65001/planStatuses/nobody"}')}`;
const targets: readonly (readonly [name: string, path: string, admin?: boolean])[] = [
  ["a REST call", `${status}?`],
  ["a REST call of an unknown path", "/v1/nothing?"],
  ["a Connect GET", `${rpc}?${message}&`],
  ["a Connect GET with another message", `${rpc}?connect=v1&encoding=json&message=`],
  ["an RPC by GET", `${rpc}?`],
  ["the Discovery document", "/$discovery/rest?"],
  ["the token endpoint", "/token?"],
  ["the probe", "/readyz?"],
  ["an unknown page of the admin port", "/nothing?", true],
  ["the metrics", "/metrics?", true],
];

describe.each(targets)("%s", (name, path, admin = false) => {
  it.each(spellings)(`the query %s of ${name} leaves no trace of its secret`, async (query) => {
    for (const authorization of [`Bearer ${server.token}`, "Bearer x"]) {
      const id = `id-${Math.random()}`;
      const answer = await send(`${admin ? server.adminUrl : server.url}${path}${query}`, {
        authorization,
        "x-request-id": id,
      });
      expect(answer).not.toContain(secret);
      // The admin port has no log.
      if (!admin) {
        await log.request(id);
      }
    }
    expect(log.text).not.toContain(secret);
    const spans = exporter.getFinishedSpans();
    if (!admin) {
      expect(spans).not.toEqual([]);
    }
    const facts = spans.map((each) => [each.name, each.attributes, each.events, each.status, each.links]);
    expect(JSON.stringify(facts)).not.toContain(secret);
  });
});

/** Sends a GET and returns the whole response as text. */
async function send(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(url, { headers });
  return JSON.stringify([...answer.headers]) + (await answer.text());
}
