import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlanSharingClient, type PlanSharingProtocol } from "../../src/client/index.ts";
import { eventually } from "../resilience/eventually.ts";
import { apiErrorOf, readApiError } from "../support/api-error.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { hour } from "../support/plan-statuses.ts";
import { documentedConfiguration, edited } from "./configuration-text.ts";
import { type Configuration, configurations } from "./configurations.ts";
import { exchange } from "./exchange.ts";
import { maxAnswerMs, measureRefusals } from "./measure-refusals.ts";
import { errorOf } from "./outcome.ts";
import { type ProxyName, type RunningProxy, startProxy, versionOf } from "./proxy.ts";
import { pushUnderAbuse } from "./pushes-under-abuse.ts";
import { clientId, pushPath, statusJson } from "./refusals.ts";
import { restartInTurn } from "./rolling-restart.ts";
import { type Site, startSite } from "./site.ts";
import { watchesServing } from "./watch.ts";

const parent = "operators/65001";

/** Defines the tests of one proxy; they are skipped where it is not installed. */
export function describeProxy(name: ProxyName): void {
  const version = versionOf(name);
  const title = version === undefined ? `${name} (not installed)` : `${name} ${version}`;
  describe.skipIf(version === undefined)(title, () => {
    let site: Site;
    beforeAll(async () => {
      site = await startSite();
    });
    afterAll(() => site?.[Symbol.asyncDispose]());

    const own = configurations.filter(({ proxy }) => proxy === name);
    describe.each(own)("with $upstream to the servers, buffering: $buffering", (configuration) => {
      describeConfiguration(configuration, () => site);
    });
  });
}

function describeConfiguration(configuration: Configuration, siteOf: () => Site): void {
  const { proxy: name, edits, grpc } = configuration;
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await startProxy(name, edited(documentedConfiguration(name), edits), siteOf().upstreams);
  });
  afterAll(() => proxy?.stop());

  const protocols: PlanSharingProtocol[] = [
    "rest",
    "connect",
    "grpc-web",
    ...(grpc ? (["grpc"] as const) : []),
  ];
  const clientOf = (protocol: PlanSharingProtocol, token: string) =>
    createPlanSharingClient({
      endpoint: `https://127.0.0.1:${proxy.port}`,
      protocol,
      token,
      ca: testCertificate.cert,
      retry: false,
      timeoutMs: maxAnswerMs,
    });

  it("passes every refusal, and the pushes of other callers after it", async () => {
    const { problems } = await measureRefusals(siteOf(), proxy, configuration);
    expect(problems, proxy.output()).toEqual([]);
  });

  it("passes pushes while other callers send large bodies that are refused, hang up or never end", async () => {
    const pushes = await pushUnderAbuse(siteOf(), proxy);
    expect(pushes.length).toBeGreaterThan(0);
    expect(pushes.filter(({ outcome }) => outcome !== "200")).toEqual([]);
  });

  // The first one is the documented one.
  if (configurations.find(({ proxy: other }) => other === name) === configuration) {
    it("loses no push while the servers are restarted in turn", async () => {
      const { problems } = await restartInTurn(siteOf(), proxy.port, 3);
      expect(problems, proxy.output()).toEqual([]);
    });
  }

  it.each(protocols)(
    "passes a push for the user key a/b+c== over %s, and reads it under this key only",
    async (protocol) => {
      const { push, read } = siteOf().tokens;
      const userKey = "a/b+c==";
      const now = Date.now();
      const planStatus = {
        languageCode: "en-US",
        title: `${protocol} through ${name}`,
        updateTime: timestampFromMs(now),
        expireTime: timestampFromMs(now + hour),
      };
      await clientOf(protocol, push).createUserPlanStatus({ parent, clientId, userKey, planStatus });
      const reader = clientOf(protocol, read);
      await expect(reader.getUserPlanStatus({ parent, clientId, userKey })).resolves.toMatchObject({
        title: planStatus.title,
      });
      for (const other of [encodeURIComponent(userKey), userKey.replace("+", " "), "a/b"]) {
        const error = await apiErrorOf(reader.getUserPlanStatus({ parent, clientId, userKey: other }));
        expect(error.reason).toBe("PLAN_STATUS_NOT_FOUND");
      }
    },
  );

  it.each(protocols)("passes every violation of a push over %s", async (protocol) => {
    // The most details that an error may have: gRPC has them in a header of some kilobytes.
    const plans = Array.from({ length: 16 }, () => ({ planModules: Array.from({ length: 16 }, () => ({})) }));
    const call = clientOf(protocol, siteOf().tokens.push).createUserPlanStatus({
      parent,
      clientId,
      userKey: "violations",
      planStatus: { plans },
    });
    const { reason, fields } = await apiErrorOf(call);
    expect(reason).toBe("FIELD_INVALID");
    expect(fields.length).toBeGreaterThan(20);
  });

  if (grpc) {
    it("passes the details of a gRPC error that refuses a large message", async () => {
      const answer = await exchange(
        proxy.port,
        "h2",
        {
          method: "POST",
          path: "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
          headers: {
            "content-type": "application/grpc",
            te: "trailers",
            authorization: `Bearer ${siteOf().tokens.push}`,
          },
          body: Buffer.concat([Buffer.from([0, 0, 0x20, 0, 0]), Buffer.alloc(0x200000)]),
        },
        maxAnswerMs,
      );
      const error = errorOf("grpc", answer);
      expect(error && readApiError(error)).toMatchObject({
        reason: "REQUEST_TOO_LARGE",
        metadata: { maxBytes: "1048576" },
      });
    });
  }

  it.each(grpc ? (["connect", "grpc"] as const) : (["connect"] as const))(
    "passes the first message of a stream while it is open over %s",
    async (protocol) => {
      expect(await watchesServing(proxy.port, protocol, maxAnswerMs)).toBe(true);
    },
  );

  it("reports the address of the client, whatever the client claims", async () => {
    const requestId = `from-${crypto.randomUUID()}`;
    const { push } = siteOf().tokens;
    const answer = await exchange(
      proxy.port,
      "http/1.1",
      {
        method: "POST",
        path: pushPath(65_001, requestId),
        headers: {
          authorization: `Bearer ${push}`,
          "content-type": "application/json",
          "x-request-id": requestId,
          "x-forwarded-for": "203.0.113.1",
          forwarded: "for=203.0.113.1",
        },
        body: statusJson(),
        from: "127.0.0.9",
      },
      maxAnswerMs,
    );
    expect(answer.status).toBe(200);
    const lines = () =>
      siteOf()
        .servers.flatMap((server) => server.stderrTail().split("\n"))
        .filter((line) => line.includes(requestId));
    expect(await eventually(() => lines().length > 0, maxAnswerMs)).toBe(true);
    expect(lines().map((line) => JSON.parse(line).peer)).toEqual(["127.0.0.9"]);
  });
}
