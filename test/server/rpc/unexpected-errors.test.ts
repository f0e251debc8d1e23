import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { createPlanSharingClient } from "../../../src/client/client.ts";
import { errorDomain } from "../../../src/contract/api-error.ts";
import { type Listener, listen } from "../../../src/server/connections/listener.ts";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { parent, protocols } from "../../support/test-server.ts";

/** What the method throws, by the id of the request. */
const failures: Readonly<Record<string, unknown>> = {
  TypeError: new TypeError("secret: undefined is not a function"),
  Internal: new ConnectError("secret", Code.Internal),
  Unknown: new ConnectError("secret", Code.Unknown),
  text: "secret",
  nothing: undefined,
};

let logged: { cause: unknown; method: string }[] = [];
let listener: Listener;

beforeAll(async () => {
  const routes = (router: ConnectRouter) => {
    router.service(PlanGroupService, {
      createPlanGroup: ({ planGroupId }) => Promise.reject(failures[planGroupId]),
    });
  };
  const common = {
    routes,
    readMaxBytes: 1024,
    shutdownSignal: new AbortController().signal,
    requestGate: async () => {},
    onFailure: (cause: unknown, method: DescMethod) => logged.push({ cause, method: String(method) }),
  };
  const rpc = createRpcHandler(common);
  const rest = createTranscodingHandler({ ...common, errorDomain });
  listener = await listen({ host: "127.0.0.1", port: 0 }, (request, response) => {
    (rpc.serves(request.url ?? "") ? rpc.handle : rest)(request, response);
  });
});
afterAll(() => listener.close(1_000));
beforeEach(() => {
  logged = [];
});

describe.each(protocols)("an unexpected error over %s", (protocol) => {
  it.each(Object.keys(failures))(
    `an unexpected error (%s) over ${protocol} is answered with INTERNAL and a fixed message, and logged`,
    async (planGroupId) => {
      const client = createPlanSharingClient({ endpoint: listener.url, protocol, token: "x" });
      const rejection = await apiErrorOf(client.createPlanGroup({ parent, planGroupId }));
      expect(rejection).toMatchObject({
        code: "Internal",
        reason: "SERVER_FAILURE",
        message: "the server failed",
      });
      expect(JSON.stringify([...rejection.headers])).not.toContain("secret");
      expect(logged).toEqual([
        { cause: failures[planGroupId], method: expect.stringContaining("CreatePlanGroup") },
      ]);
    },
  );
});
