import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import { revokeServiceAccount } from "../../src/auth/accounts/administration.ts";
import { readScope } from "../../src/auth/scopes.ts";
import { makeAccount, signAssertion } from "../support/auth/service-accounts.ts";
import { hour } from "../support/plan-statuses.ts";
import { parent, startTestServer, type TestServer } from "../support/test-server.ts";

const path = `/v1/${parent}/planGroups/none`;

/** The status of a call whose caller may make it: there is no such group. */
const accepted = 404;

/** Sends a call with a token and returns the status. */
type Send = (token: string) => Promise<number>;

/** Opens one connection for all calls. */
const connections: Record<string, (server: TestServer) => Promise<Send>> = {
  async "HTTP/1.1"(server) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    return async function send(token) {
      const call = request(server.url + path, { agent, headers: { authorization: `Bearer ${token}` } }).end();
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      ports.add(answer.socket.localPort);
      await once(answer.resume(), "end");
      expect(ports.size).toBe(1);
      return answer.statusCode ?? 0;
    };
  },
  async "HTTP/2"(server) {
    const session = connect(server.url);
    onTestFinished(() => session.destroy());
    return async function send(token) {
      const stream = session.request({ ":path": path, authorization: `Bearer ${token}` });
      const [headers] = (await once(stream, "response")) as [{ ":status": number }];
      await once(stream.resume(), "end");
      return headers[":status"];
    };
  },
};

async function serverWith(): Promise<TestServer> {
  const server = await startTestServer();
  onTestFinished(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });
  return server;
}

describe.each(Object.entries(connections))("over a connection of %s", (name, open) => {
  it(`rejects a token that expires while its connection of ${name} is open, and accepts the next one over it`, async () => {
    const server = await serverWith();
    const send = await open(server);
    const issuedAt = server.clock.now();
    const token = await server.makeToken({ lifetimeSeconds: 3600 });
    expect([await send(token), await send(token)]).toEqual([accepted, accepted]);
    server.clock.set(issuedAt + hour - 1);
    expect(await send(token)).toBe(accepted);
    server.clock.set(issuedAt + hour);
    expect([await send(token), await send(token)]).toEqual([401, 401]);
    expect(await send(await server.makeToken())).toBe(accepted);
  });

  it(`rejects the tokens of an account that is revoked while its connection of ${name} is open`, async () => {
    const server = await serverWith();
    const send = await open(server);
    const account = await makeAccount(server, { scopes: [readScope] });
    const token = await signAssertion(server, account, { aud: server.url, scope: readScope });
    expect([await send(token), await send(token)]).toEqual([accepted, accepted]);
    await revokeServiceAccount(server.directory, account.client_email, server.clock);
    await expect.poll(() => send(token)).toBe(401);
    expect(await send(server.token)).toBe(accepted);
  });

  it(`rejects texts that are as long as a token that the connection of ${name} has sent`, async () => {
    const server = await serverWith();
    const send = await open(server);
    expect(await send(server.token)).toBe(accepted);
    for (const end of ["\u00e9", "\u00e9\u00e9", ".", "aaaa"]) {
      expect(await send(server.token.slice(0, -end.length) + end)).toBe(401);
    }
    expect(await send(server.token)).toBe(accepted);
  });

  it(`tells apart callers that share a connection of ${name}, one after another and at once`, async () => {
    const server = await serverWith();
    const send = await open(server);
    const [linked, other] = [
      await server.makeToken({ asns: [65001] }),
      await server.makeToken({ asns: [65002] }),
    ];
    const wrong = `${linked.slice(0, -4)}AAAA`;
    const statusOf = new Map([
      [linked, accepted],
      [other, 403],
      [wrong, 401],
    ]);
    for (const token of [linked, other, linked, wrong, linked, other, wrong]) {
      expect(await send(token)).toBe(statusOf.get(token));
    }
    const tokens = Array.from({ length: 20 }, (_, index) => [linked, other, wrong][index % 3] as string);
    expect(await Promise.all(tokens.map(send))).toEqual(tokens.map((token) => statusOf.get(token)));
  });
});
