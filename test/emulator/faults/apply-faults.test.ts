import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ErrorReasonSchema } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { PlanSharingClient } from "../../../src/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";
import { type FaultyServer, startFaultyServer } from "./faulty-server.ts";

let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
afterEach(() => server.state.faults.clear());
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

function push(client: PlanSharingClient, userKey = freshKey()) {
  return client.createUserPlanStatus({ parent, clientId: "youtube", userKey, planStatus: planStatus() });
}

async function isStored(userKey: string): Promise<boolean> {
  const read = server.client("rest").getUserPlanStatus({ parent, clientId: "youtube", userKey });
  return read.then(
    () => true,
    () => false,
  );
}

const reasons = ErrorReasonSchema.values
  .map(({ name }) => name)
  .filter((name) => name !== "ERROR_REASON_UNSPECIFIED" && !name.startsWith("EMULATOR_"));

describe.each(protocols)("an injected error over %s", (protocol) => {
  it.each(reasons)("has the code and the metadata that the contract promises for %s", async (reason) => {
    server.inject({ error: { reason } });
    const userKey = freshKey();
    const error = await apiErrorOf(push(server.client(protocol), userKey));
    expect(error.reason).toBe(reason);
    expect(Object.values(error.metadata)).not.toContain("");
    server.state.faults.clear();
    expect(await isStored(userKey)).toBe(false);
  });

  it.each(Object.values(Code).filter((code) => typeof code === "number"))(
    "has no ErrorInfo if only code %d is given",
    async (code) => {
      server.inject({ error: { code, message: "try later" }, match: { method: "CreateUserPlanStatus" } });
      const error = await push(server.client(protocol)).catch((reason) => reason);
      expect(error).toBeInstanceOf(ConnectError);
      expect({ code: error.code, message: error.rawMessage, details: error.details }).toEqual({
        code,
        message: "try later",
        details: [],
      });
    },
  );
});
