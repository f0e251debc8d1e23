import { readFileSync } from "node:fs";
import { equals, fromBinary, fromJson, toJson } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readError } from "../../src/client/index.ts";
import { createTransport } from "../../src/client/transport.ts";
import { createTestClock } from "../support/test-clock.ts";
import { protocols, startTestServer, type TestServer } from "../support/test-server.ts";
import { methodOf, type TokenName, type VectorCase } from "./case.ts";
import { vectorsText } from "./generate.ts";
import { readVectors, vectorsFile } from "./read-vectors.ts";

const { cases, clockSkewSeconds, serverTime } = readVectors();

describe("the vectors", () => {
  it("cases.json is up to date with generate.ts", () => {
    expect(readFileSync(vectorsFile, "utf8")).toBe(vectorsText());
  });

  it("names of vectors are unique", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it("accepted vectors store under different keys, so that they may run in any order", () => {
    const keys = cases
      .filter(({ response }) => response !== undefined)
      .map(({ request, method }) => {
        const { userKey, planGroupId, clientId = "" } = request as Record<string, string>;
        return `${method} ${clientId} ${userKey ?? planGroupId}`;
      });
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each(cases)("the vector has the same message in JSON and binary, and one result: $name", (each) => {
    const { input } = methodOf(each);
    const message = fromJson(input, each.request);
    expect(equals(input, fromBinary(input, Buffer.from(each.requestBinary, "base64")), message)).toBe(true);
    expect(toJson(input, message)).toEqual(each.request);
    expect([each.response, each.error].filter((expected) => expected !== undefined)).toHaveLength(1);
  });
});

// REST cannot express these requests, because they have no path.
const withoutPath = ["an empty request", "a parent of another collection"];

/** Two servers, so that the cases hold at two times. */
const servers = [
  ["with a clock skew", () => Date.now(), clockSkewSeconds * 1000],
  ["at serverTime", () => Date.parse(serverTime), undefined],
] as const;

type Tokens = Readonly<Record<TokenName, string | undefined>>;

/** Returns the response to a case, or its error. */
async function answerTo(each: VectorCase, transport: Transport, tokens: Tokens): Promise<unknown> {
  const method = methodOf(each);
  const token = tokens[each.token];
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const request = fromJson(method.input, each.request);
    const { message } = await transport.unary(method, undefined, undefined, headers, request);
    return toJson(method.output, message);
  } catch (cause) {
    const { status, reason, violations } = readError(cause);
    return { code: status, reason, violations: violations.map(({ field }) => field) };
  }
}

describe.each(servers)("the server %s", (situation, now, clockSkewMs) => {
  let server: TestServer;
  let tokens: Tokens;
  beforeAll(async () => {
    const clock = createTestClock();
    clock.set(now());
    server = await startTestServer({ clock, ...(clockSkewMs && { clockSkewMs }) });
    tokens = {
      push: await server.makeToken({ asns: [65001] }),
      foreign: await server.makeToken({ asns: [65002] }),
      malformed: "no.token",
      none: undefined,
    };
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  // One protocol shows that the time does not matter.
  describe.each(clockSkewMs === undefined ? (["connect"] as const) : protocols)("over %s", (protocol) => {
    let transport: Transport;
    beforeAll(() => {
      transport = createTransport({
        baseUrl: server.url,
        protocol,
        ca: undefined,
        defaultTimeoutMs: 10_000,
        interceptors: [],
      });
    });

    it.each(cases.filter(({ name }) => protocol !== "rest" || !withoutPath.includes(name)))(
      `the server ${situation} answers over ${protocol} as expected: $name`,
      async (each) => {
        const { response, error } = each;
        expect(await answerTo(each, transport, tokens)).toEqual(
          response ?? {
            code: error?.code,
            reason: error?.reason ?? expect.anything(),
            violations: (error?.violations ?? []).map(inBody),
          },
        );
      },
    );

    /** Over REST the body of these calls is the status, and paths begin in it. */
    function inBody(field: string): string {
      return protocol === "rest" ? field.replace(/^planStatus\./, "") : field;
    }
  });
});
