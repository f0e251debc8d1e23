import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { expect, it, onTestFinished } from "vitest";
import { createLogLines } from "../../support/log-lines.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer } from "../../support/test-server.ts";

it.each(protocols)(
  "requests over %s have spans from when an SDK is registered until it is removed, also after the server has started",
  async (protocol) => {
    const log = createLogLines();
    await using server = await startTestServer({ log: { level: "info", destination: log } });
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    onTestFinished(() => provider.shutdown());
    const traceIdOfCaller = "0af7651916cd43dd8448eb211c80319c";

    /** Sends a request that belongs to a trace, and returns the kinds of the spans that it has. */
    async function push(id: string): Promise<SpanKind[]> {
      exporter.reset();
      const traceparent = `00-${traceIdOfCaller}-b7ad6b7169203331-01`;
      await server
        .client(protocol)
        .createPlanStatus(
          { parent, userKey: freshKey(), planStatus: planStatus() },
          { headers: { traceparent, "x-request-id": id } },
        );
      expect((await log.request(id)).traceId).toBe(traceIdOfCaller);
      // The span of a request ends after its line is written.
      await Promise.resolve();
      const spans = exporter.getFinishedSpans();
      expect(spans.every((span) => span.spanContext().traceId === traceIdOfCaller)).toBe(true);
      return spans.map(({ kind }) => kind).toSorted();
    }

    function removeSdk(): void {
      trace.disable();
      context.disable();
      propagation.disable();
    }

    expect(await push("before")).toEqual([]);
    provider.register();
    onTestFinished(removeSdk);
    expect(await push("registered")).toEqual([SpanKind.SERVER, SpanKind.CLIENT]);
    removeSdk();
    expect(await push("removed")).toEqual([]);
  },
);
