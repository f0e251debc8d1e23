import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreatePlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type RefusedServers, startRefusedServers, transports } from "../../support/http/half-sent.ts";
import { type Refused, refusedRequests } from "../../support/http/refused-requests.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { parent } from "../../support/test-server.ts";

/** Returns a request that expects 100 (Continue) before it sends its body. */
function expecting(refused: Refused): Refused {
  return { ...refused, header: { expect: "100-continue", ...refused.header }, begin: Buffer.alloc(0) };
}

/** Those that their header decides, which the streams of messages have no length for. */
const byHeader = refusedRequests.filter(({ length }) => length !== 0);

const push = create(CreatePlanStatusRequestSchema, { parent, userKey: "k", planStatus: planStatus() });
const json = Buffer.from(toJsonString(CreatePlanStatusRequestSchema, push));
const frame = Buffer.from(encodeEnvelope(0, toBinary(CreatePlanStatusRequestSchema, push)));
const status = Buffer.from(JSON.stringify(JSON.parse(String(json)).planStatus));
const method = "/mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus";

const accepted = [
  ["REST", `/v1/${parent}/planStatuses?userKey=k`, "application/json", status, 200],
  ["Connect", method, "application/json", json, 200],
  ["gRPC", method, "application/grpc+proto", frame, 200],
  ["gRPC-Web", method, "application/grpc-web+proto", frame, 200],
  ["the token endpoint", "/token", "application/x-www-form-urlencoded", Buffer.from("grant_type=none"), 400],
] as const;

describe.each(transports)("over %s", (name, tls, send) => {
  let servers: RefusedServers;
  let hasty: RefusedServers;
  beforeAll(async () => {
    servers = await startRefusedServers(tls, {});
    hasty = await startRefusedServers(tls, { bodyTimeoutMs: 250 });
  });
  afterAll(async () => {
    expect([...servers.failures(), ...hasty.failures()]).toEqual([]);
    await Promise.all([servers.close(), hasty.close()]);
  });

  it.each(
    byHeader
      .filter(({ port }) => tls === undefined || port !== "admin")
      .map((each) => [each.name, each] as const),
  )(`%s is answered instead of 100 (Continue) over ${name}`, async (_, each) => {
    using connection = await send(expecting(each), servers);
    expect(await connection.answered()).toBe(each.status);
  });

  it.each(accepted)(
    `%s invites a body that is expected over ${name}`,
    async (_, path, type, body, expected) => {
      const header = { "content-type": type, authorization: "token", te: "trailers" };
      using connection = await send(
        expecting({ name, path, header, length: body.length, status: expected }),
        servers,
      );
      expect(await connection.invited()).toBe(100);
      expect(await connection.send(body)).toBe(expected);
    },
  );

  it.each(accepted)(
    `a client of %s that is invited and sends nothing is not waited for over ${name}`,
    async (_, path, type, body) => {
      const header = { "content-type": type, authorization: "token", te: "trailers" };
      using connection = await send(
        expecting({ name, path, header, length: body.length, status: 408 }),
        hasty,
      );
      expect(await connection.invited()).toBe(100);
      await connection.freed();
    },
  );
});
