import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readScope } from "../../src/auth/scopes.ts";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import {
  newerStatus,
  notifyingStatus,
  rpcMistakes,
  type Target,
  validStatus,
  wrongRequests,
} from "../support/wrong-requests/cases.ts";
import { pageOf, type Row, type Section, writeCommand } from "../support/wrong-requests/page.ts";
import { sendConnect, sendRest, sendRpc, storeOver } from "../support/wrong-requests/send.ts";

const page = new URL("../../docs/pushing/wrong-requests.md", import.meta.url);

describe("docs/pushing/wrong-requests.md", () => {
  let server: TestServer;
  let target: Target;
  beforeAll(async () => {
    server = await startTestServer();
    const asns = [65001];
    const now = server.clock.now();
    server.clock.set(now - 7_200_000);
    const expiredToken = await server.makeToken({ asns, lifetimeSeconds: 3_600 });
    server.clock.set(now);
    target = {
      url: server.url,
      token: await server.makeToken({ asns }),
      readToken: await server.makeToken({ asns, scopes: [readScope] }),
      expiredToken,
    };
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  async function overRest(): Promise<Section[]> {
    const sections: Section[] = [];
    for (const [heading, cases] of Object.entries(wrongRequests)) {
      const rows: Row[] = [];
      for (const { what, request } of cases) {
        const { status, reason, message } = await sendRest(server.url, target.token, request(target));
        rows.push({ what, status: String(status), reason, message });
      }
      sections.push({ heading, rows });
    }
    return sections;
  }

  async function overRpc(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { what, call } of rpcMistakes) {
      rows.push({ what, ...(await sendRpc(call(target))) });
    }
    return rows;
  }

  async function ofState(): Promise<Row[]> {
    const { url, token } = target;
    await storeOver(url, token, newerStatus);
    const stale = await sendRest(url, token, { body: validStatus });
    await using emulator = await startTestEmulator();
    await emulator.rest("PATCH", "registration", { enforced: true });
    const body = notifyingStatus();
    const unregistered = await sendRest(emulator.url, await emulator.token(), { body });
    return [
      { ...stale, what: "a newer status of the user is stored", status: String(stale.status) },
      {
        ...unregistered,
        what: "the status would notify, but no device has registered the user key",
        status: String(unregistered.status),
      },
    ];
  }

  it("has the errors that a server answers with", async () => {
    const sections = [
      ...(await overRest()),
      {
        heading: "The state of the server",
        text: "Only Google, and the [emulator](../emulator.md#registered-devices) with registration enforced, answer with the second one.",
        rows: await ofState(),
      },
      {
        heading: "Other protocols",
        text: [
          "Connect, gRPC and gRPC-Web report the same mistakes with the same code, reason and message. Paths begin at the request:",
          "`planStatus.languageCode`. Over gRPC, the table has the code in place of the HTTP status.",
        ].join("\n"),
        rows: await overRpc(),
      },
    ];
    const expected = `${pageOf(sections)}\n`;
    if (process.env.MDPS_WRITE_FIGURES !== undefined) {
      writeFileSync(page, expected);
    }
    expect(readFileSync(page, "utf8"), `written by ${writeCommand}`).toBe(expected);
  });

  it("has errors for mistakes in the status that are the same over Connect", async () => {
    const cases = Object.values(wrongRequests)
      .flat()
      .flatMap(({ what, status }) => (status === undefined ? [] : [{ what, status }]));
    expect(cases.length).toBeGreaterThan(10);
    for (const { what, status } of cases) {
      const rest = await sendRest(server.url, target.token, { body: status });
      const connect = await sendConnect(server.url, target.token, status);
      expect([what, connect.reason, connect.message.replace(/^planStatus\./, "")]).toEqual([
        what,
        rest.reason,
        rest.message,
      ]);
    }
  });
});
