import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Attempt,
  createPlanSharingClient,
  type TokenRequest,
  type TokenSource,
} from "../../src/client/index.ts";
import { apiErrorOf } from "../support/api-error.ts";
import { startScriptedServer } from "../support/http/scripted-server.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** A source whose tokens the server rejects until it is refreshed. */
function staleSource() {
  const asked: TokenRequest[] = [];
  let token = "stale";
  const source: TokenSource = async (request) => {
    asked.push(request);
    token = request.refresh ? server.token : token;
    return token;
  };
  return { source, refreshes: () => asked.filter(({ refresh }) => refresh).length };
}

describe.each(protocols)("a rejected token over %s", (protocol) => {
  const clientOf = (token: string | TokenSource, onAttempt?: (attempt: Attempt) => void) =>
    createPlanSharingClient({
      endpoint: server.url,
      protocol,
      token,
      retry: false,
      ...(onAttempt && { onAttempt }),
    });
  const push = (client: ReturnType<typeof clientOf>) =>
    client.createPlanGroup({ parent, planGroupId: freshKey() });

  it("a rejected token is refreshed once and the call retried without delay", async () => {
    const { source, refreshes } = staleSource();
    const attempts: Attempt[] = [];
    await push(clientOf(source, (attempt) => attempts.push(attempt)));
    expect(refreshes()).toBe(1);
    expect(attempts.map(({ delayMs, error }) => [delayMs, error && Code[error.code]])).toEqual([
      [0, "Unauthenticated"],
      [0, undefined],
    ]);
  });

  it("concurrent calls with the same rejected token share one refresh", async () => {
    const { source, refreshes } = staleSource();
    const client = clientOf(source);
    await Promise.all(Array.from({ length: 20 }, () => push(client)));
    expect(refreshes()).toBe(1);
  });

  it("the call fails if the refreshed token is rejected too", async () => {
    let count = 0;
    const attempts: Attempt[] = [];
    const client = clientOf(
      ({ refresh }) => `wrong-${refresh ? ++count : count}`,
      (attempt) => attempts.push(attempt),
    );
    expect(await apiErrorOf(push(client))).toMatchObject({ reason: "CREDENTIALS_INVALID" });
    expect([count, attempts.length]).toEqual([1, 2]);
  });

  it.each<[string, string | TokenSource]>([
    ["the token is fixed", "wrong"],
    ["the source returns the same token", () => "wrong"],
  ])("a rejected token is not retried if %s", async (_, token) => {
    const attempts: Attempt[] = [];
    const client = clientOf(token, (attempt) => attempts.push(attempt));
    expect(await apiErrorOf(push(client))).toMatchObject({ reason: "CREDENTIALS_INVALID" });
    expect(attempts).toHaveLength(1);
  });

  it("the call reports the rejection, with the error of the failed refresh as its cause", async () => {
    const client = clientOf(({ refresh }) => {
      if (refresh) {
        throw new Error("the account is gone");
      }
      return "wrong";
    });
    const error = await push(client).catch((reason: unknown) => reason);
    expect((error as ConnectError).code).toBe(Code.Unauthenticated);
    expect((error as ConnectError).cause).toMatchObject({ message: "the account is gone" });
  });
});

describe("a token source", () => {
  it("a token source that cannot reach its issuer is retried", async () => {
    const { url, requests } = await startScriptedServer("rest", ["answer"]);
    let asked = 0;
    const token = () => {
      asked += 1;
      return asked === 1 ? Promise.reject(networkError()) : Promise.resolve("late");
    };
    const client = createPlanSharingClient({ endpoint: url, token, pacing: { sleep: async () => {} } });
    await client.createPlanGroup({ parent, planGroupId: "k" });
    expect([asked, requests.map(({ authorization }) => authorization)]).toEqual([2, ["Bearer late"]]);
  });

  it("a token source that throws UNAUTHENTICATED is not retried", async () => {
    const { url, requests } = await startScriptedServer("rest", ["answer"]);
    let asked = 0;
    const token = () => {
      asked += 1;
      throw new ConnectError("no key", Code.Unauthenticated);
    };
    const call = createPlanSharingClient({ endpoint: url, token }).createPlanGroup({
      parent,
      planGroupId: "k",
    });
    await expect(call).rejects.toThrow("no key");
    expect([asked, requests.length]).toEqual([1, 0]);
  });

  it("a call whose token source never settles ends at the deadline", async () => {
    const client = createPlanSharingClient({
      endpoint: server.url,
      token: () => new Promise<string>(() => {}),
      timeoutMs: 20,
    });
    const error = await client
      .createPlanGroup({ parent, planGroupId: "k" })
      .catch((reason: unknown) => reason);
    expect((error as ConnectError).code).toBe(Code.DeadlineExceeded);
  });
});

function networkError(): Error {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new Error("no token", { cause });
}
