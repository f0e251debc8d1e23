import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLogLines, type LogLines } from "../../support/log-lines.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";

// As whoever runs the server loads an SDK: before it, and globally.
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

let server: TestServer;
let log: LogLines;
beforeAll(async () => {
  provider.register();
  log = createLogLines();
  server = await startTestServer({ log: { level: "info", destination: log } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});
beforeEach(() => exporter.reset());

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Waits for the line of a request, after which its span has ended too, and returns the spans. */
async function spansOf(id: string): Promise<{ request: ReadableSpan; store: ReadableSpan[] }> {
  await log.request(id);
  await Promise.resolve();
  const spans = exporter.getFinishedSpans();
  const [request, ...more] = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(more).toEqual([]);
  return { request: request as ReadableSpan, store: spans.filter(({ kind }) => kind === SpanKind.CLIENT) };
}

describe.each(protocols)("a call over %s", (protocol) => {
  const system = { connect: "connectrpc", grpc: "grpc", "grpc-web": "grpc_web", rest: "rest" }[protocol];

  it(`a call over ${protocol} is a child span of the caller's, with the span of the store as its child`, async () => {
    await server
      .client(protocol)
      .createPlanStatus(
        { parent, userKey: freshKey(), planStatus: planStatus() },
        { headers: { traceparent, "x-request-id": `ok-${protocol}` } },
      );
    const { request, store } = await spansOf(`ok-${protocol}`);
    expect(request.name).toBe("mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus");
    expect(request.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(request.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    expect(request.attributes).toEqual({
      "rpc.system.name": system,
      "rpc.method": "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus",
      "rpc.response.status_code": "OK",
      "http.response.status_code": 200,
      "client.address": "127.0.0.1",
      "mdps.asn": 65001,
    });
    expect(request.status.code).toBe(SpanStatusCode.UNSET);
    expect(store).toHaveLength(1);
    expect(store[0]?.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(store[0]?.name).toBe("put record");
    expect(store[0]?.attributes).toEqual({ "db.system.name": "sqlite", "db.operation.name": "put" });
  });

  it(`an invalid call over ${protocol} has its ErrorReason as error.type and is not an error of the server`, async () => {
    await server
      .client(protocol)
      .createPlanStatus(
        { parent, userKey: "", planStatus: planStatus() },
        { headers: { "x-request-id": `bad-${protocol}` } },
      )
      .catch(() => undefined);
    const { request, store } = await spansOf(`bad-${protocol}`);
    expect(request.attributes).toMatchObject({
      "rpc.response.status_code": "INVALID_ARGUMENT",
      "error.type": "FIELD_INVALID",
    });
    expect(request.status.code).toBe(SpanStatusCode.UNSET);
    expect(store).toEqual([]);
  });

  it(`a call over ${protocol} that the request gate rejects has a span`, async () => {
    await server
      .client(protocol, "wrong")
      .createPlanGroup({ parent, planGroupId: "g" }, { headers: { "x-request-id": `gate-${protocol}` } })
      .catch(() => undefined);
    const { request } = await spansOf(`gate-${protocol}`);
    expect(request.name).toBe("mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup");
    expect(request.attributes).toMatchObject({ "error.type": "CREDENTIALS_INVALID" });
  });

  it(`a call over ${protocol} has no user key in its spans, and the trace id in its log line`, async () => {
    const userKey = "491709876543";
    await server
      .client(protocol)
      .createUserPlanStatus(
        { parent, clientId: "youtube", userKey, planStatus: planStatus() },
        { headers: { "x-request-id": `key-${protocol}` } },
      );
    const { request, store } = await spansOf(`key-${protocol}`);
    const told = [request, ...store].map(({ name, attributes, events }) => ({ name, attributes, events }));
    expect(JSON.stringify(told)).not.toContain(userKey);
    expect((await log.request(`key-${protocol}`)).traceId).toBe(request.spanContext().traceId);
  });
});
