import { create, createRegistry, type Message, toJsonString } from "@bufbuild/protobuf";
import {
  file_google_protobuf_duration,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { errorDomain } from "../../../src/contract/api-error.ts";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { mutate } from "../../fuzz/mutate.ts";
import { createRandom } from "../../fuzz/random.ts";
import { readApiError } from "../../support/api-error.ts";
import { callRaw, type RawAnswer } from "../../support/http/raw-call.ts";
import { statusJson } from "../../support/messages.ts";
import { fromNow, hour } from "../../support/plan-statuses.ts";
import { startTestListener, type TestListener } from "../../support/test-listener.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../../support/test-server.ts";
import { jsonOfEverything } from "../../transcoding/fixtures/arbitraries.ts";
import { editedJson } from "../../transcoding/fixtures/edited-json.ts";
import { library, libraryFile } from "../../transcoding/fixtures/library.ts";

const silentLog = { level: "warn", destination: { write: () => {} } } as const;

/** Of all properties, so that every run tests the same requests. A failure prints it with the request. */
const seed = 20260301;

/** What became of a request, in the words of every protocol. */
type Verdict = {
  /** The response message. */
  readonly accepted?: string;
  readonly code?: string | undefined;
  readonly reason?: string;
  readonly violations?: readonly string[];
};

/** Returns the JSON of the message in an answer. gRPC frames it. */
function jsonIn(protocol: PlanSharingProtocol, { text }: RawAnswer): string {
  const bytes = Buffer.from(text, "latin1");
  const isFramed = protocol === "grpc" || protocol === "grpc-web";
  return (isFramed ? bytes.subarray(5, 5 + bytes.readUInt32BE(1)) : bytes).toString();
}

/** `bodyPath`: the field that is the body over REST, by whose name the paths of RPC begin. */
function verdictOf(protocol: PlanSharingProtocol, answer: RawAnswer, bodyPath = ""): Verdict {
  if (answer.error === undefined) {
    return { accepted: jsonIn(protocol, answer) };
  }
  const { code, reason, violations } = readApiError(answer.error);
  return {
    code,
    reason,
    violations: violations.map((each) => (each.startsWith(bodyPath) ? each.slice(bodyPath.length) : each)),
  };
}

/** Expects the same verdict over every protocol, and returns it. */
async function sameVerdict(
  verdictOver: (protocol: PlanSharingProtocol) => Promise<Verdict>,
): Promise<Verdict> {
  const [first, ...others] = protocols;
  const verdict = await verdictOver(first as PlanSharingProtocol);
  for (const protocol of others) {
    expect(await verdictOver(protocol), `${protocol} like ${first}`).toEqual(verdict);
  }
  return verdict;
}

describe.each([
  { unknownFields: "refuse", numRuns: 150 },
  { unknownFields: "warn", numRuns: 60 },
  { unknownFields: "ignore", numRuns: 60 },
] as const)("JSON of a plan status with unknown fields: $unknownFields", ({ unknownFields, numRuns }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ unknownFields, log: silentLog });
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  const clientId = "mobiledataplan";
  const push = (protocol: PlanSharingProtocol, userKey: string, status: string) =>
    callRaw({
      url: server.url,
      token: server.token,
      protocol,
      format: "json",
      method:
        protocol === "rest"
          ? `POST /v1/${parent}/clients/${clientId}/users/${userKey}/planStatus`
          : "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
      body:
        protocol === "rest"
          ? status
          : `{"parent":"${parent}","clientId":"${clientId}","userKey":"${userKey}","planStatus":${status}}`,
    });

  const statuses = statusJson({ updateTime: fromNow(-1), expireTime: fromNow(hour) });

  it(`has the same verdict, violations and stored message over REST, Connect, gRPC and gRPC-Web: ${unknownFields}`, async () => {
    const seen = new Map<string | undefined, number>();
    await fc.assert(
      fc.asyncProperty(editedJson(statuses, { keepsRoot: true }), async (text) => {
        const userKey = freshKey();
        const verdict = await sameVerdict(async (protocol) =>
          verdictOf(protocol, await push(protocol, userKey, text), "planStatus."),
        );
        const hasUnknown = verdict.violations?.some((each) => each.includes("is not a field of")) ?? false;
        expect(hasUnknown && unknownFields !== "refuse").toBe(false);
        seen.set(verdict.reason, (seen.get(verdict.reason) ?? 0) + 1);
      }),
      { seed, numRuns },
    );
    const least = numRuns / 15;
    expect(seen.get(undefined)).toBeGreaterThan(least);
    expect(seen.get("REQUEST_MALFORMED")).toBeGreaterThan(least);
    expect(seen.get("FIELD_INVALID")).toBeGreaterThan(least);
  });

  it.each([
    ["an unknown field of the status", '"cpid":"x"'],
    ["an unknown field with objects in it", '"newBalance":{"a":[{"b":1},{"b":2}]}'],
    ["the number of no enum value", '"uiCompatibility":99'],
    ["the name of no enum value", '"uiCompatibility":"UI_PERHAPS"'],
    ["an unknown field of a module", '"plans":[{"planId":"p","planModules":[{"moduleNam":"m"}]}]'],
  ])(`treats %s alike over every protocol: ${unknownFields}`, async (_, member) => {
    const valid = { languageCode: "en", updateTime: fromNow(-1), expireTime: fromNow(hour) };
    const text = toJsonString(PlanStatusSchema, create(PlanStatusSchema, valid));
    const { violations, reason } = await sameVerdict(async (protocol) =>
      verdictOf(protocol, await push(protocol, "k", `${text.slice(0, -1)},${member}}`), "planStatus."),
    );
    const isRule = member.includes("99") || (member.includes("plans") && unknownFields !== "refuse");
    const isAccepted = unknownFields !== "refuse" && !member.includes("plans");
    expect(reason).toBe(isAccepted ? undefined : isRule ? "FIELD_INVALID" : "REQUEST_MALFORMED");
    expect(violations?.some((each) => /is not a field of|^uiCompatibility: must be one of/.test(each))).toBe(
      isAccepted ? undefined : unknownFields === "refuse",
    );
  });
});

describe("JSON of a message with a field of every kind", () => {
  let listener: TestListener;
  beforeAll(async () => {
    const registry = createRegistry(
      libraryFile,
      file_google_protobuf_duration,
      file_google_protobuf_struct,
      file_google_protobuf_wrappers,
    );
    const routes = (router: ConnectRouter) => {
      router.service(library, { echo: (request: Message) => request } as never);
    };
    const { signal: shutdownSignal } = new AbortController();
    const requestGate = async () => {};
    const rpc = createRpcHandler({
      routes,
      registry,
      interceptors: [],
      requestGate,
      readMaxBytes: 1_000_000,
      shutdownSignal,
    });
    const rest = createTranscodingHandler({ routes, registry, errorDomain });
    listener = await startTestListener(
      {},
      {
        onRequest: (request, response) =>
          rpc.serves(request.url ?? "", request.headers["content-type"])
            ? rpc.handle(request, response)
            : rest(request, response),
      },
    );
  });
  afterAll(async () => {
    await listener[Symbol.asyncDispose]();
  });

  const echo = async (protocol: PlanSharingProtocol, body: string | Buffer) =>
    verdictOf(
      protocol,
      await callRaw({
        url: listener.url,
        token: "",
        protocol,
        format: "json",
        method: protocol === "rest" ? "POST /v1/everything" : "library.v1.Library/Echo",
        body,
      }),
    );

  it("has the same verdict, violations and response over REST, Connect, gRPC and gRPC-Web", async () => {
    const seen = { accepted: 0, rejected: 0 };
    await fc.assert(
      fc.asyncProperty(editedJson(jsonOfEverything), async (text) => {
        const verdict = await sameVerdict((protocol) => echo(protocol, text));
        seen[verdict.accepted === undefined ? "rejected" : "accepted"] += 1;
      }),
      { seed, numRuns: 300 },
    );
    expect(seen.accepted).toBeGreaterThan(50);
    expect(seen.rejected).toBeGreaterThan(50);
  });

  it("has the same verdict and violations over REST, Connect, gRPC and gRPC-Web when its bytes are changed", async () => {
    let malformed = 0;
    await fc.assert(
      fc.asyncProperty(editedJson(jsonOfEverything), fc.nat(), async (text, changes) => {
        const bytes = Buffer.from(
          mutate(Buffer.from(text).toString("latin1"), createRandom(changes)),
          "latin1",
        );
        // Over REST, no body is an empty message.
        fc.pre(bytes.length > 0);
        const verdict = await sameVerdict((protocol) => echo(protocol, bytes));
        malformed += verdict.reason === "REQUEST_MALFORMED" ? 1 : 0;
      }),
      { seed, numRuns: 300 },
    );
    expect(malformed).toBeGreaterThan(50);
  });
});
