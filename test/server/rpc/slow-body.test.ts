import { once } from "node:events";
import { connect } from "node:http2";
import { expect, it } from "vitest";
import { createLogLines } from "../../support/log-lines.ts";
import { startTestServer } from "../../support/test-server.ts";

it.each([
  ["application/grpc", 200],
  ["application/grpc-web", 200],
  ["application/json", 504],
])(
  "an RPC of %s whose body does not arrive in time is answered with DEADLINE_EXCEEDED, as over REST, and is no failure",
  async (contentType, httpStatus) => {
    const log = createLogLines();
    await using server = await startTestServer({
      limits: { bodyTimeoutMs: 50 },
      log: { level: "debug", destination: log },
    });
    const session = connect(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": contentType,
      "x-request-id": "slow",
    });
    stream.on("error", () => undefined);
    stream.write("{");
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(httpStatus);
    expect(await log.request("slow")).toMatchObject({
      method: "grpc.health.v1.Health/Check",
      code: "DEADLINE_EXCEEDED",
      reason: "DEADLINE_PASSED",
    });
    expect(server.failures).toEqual([]);
    session.destroy();
  },
);
