import { once } from "node:events";
import { connect } from "node:http2";
import { expect, it } from "vitest";
import { createLogLines } from "../../support/log-lines.ts";
import { startTestServer } from "../../support/test-server.ts";

it.each(["application/grpc", "application/grpc-web", "application/json"])(
  "an RPC of %s whose body does not arrive in time is CANCELLED, and not an error of the server",
  async (contentType) => {
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
    await once(stream, "close");
    expect(await log.request("slow")).toMatchObject({
      method: "grpc.health.v1.Health/Check",
      code: "CANCELLED",
    });
    expect(server.failures).toEqual([]);
    session.destroy();
  },
);
