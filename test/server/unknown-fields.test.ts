import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UiCompatibility } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { UnknownFields } from "../../src/contract/unknown-names/unknown-fields.ts";
import { readApiError } from "../support/api-error.ts";
import { callRaw } from "../support/http/raw-call.ts";
import { fromNow, hour } from "../support/plan-statuses.ts";
import { freshKey, parent, protocols, startTestServer, type TestServer } from "../support/test-server.ts";

const clientId = "youtube";
const rpc = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";
const valid = () => ({ languageCode: "en", updateTime: fromNow(-1), expireTime: fromNow(hour) });

async function startServer(unknownFields: UnknownFields) {
  const lines: string[] = [];
  const server = await startTestServer({
    unknownFields,
    log: { level: "warn", destination: { write: (line) => lines.push(line) } },
  });
  const logged = () => lines.map((line) => JSON.parse(line)).map(({ msg, field }) => ({ msg, field }));
  return { server, logged };
}

/** Pushes the JSON of a status with more members. */
function pushJson(server: TestServer, userKey: string, members: string) {
  const status = toJsonString(PlanStatusSchema, create(PlanStatusSchema, valid()));
  const body = `${status.slice(0, -1)},${members}}`;
  const method = `POST /v1/${parent}/clients/${clientId}/users/${userKey}/planStatus`;
  return callRaw({ url: server.url, token: server.token, protocol: "rest", format: "json", method, body });
}

/** Pushes a status in binary with field 99, which the contract does not have. */
async function pushField99(server: TestServer, protocol: "connect" | "grpc" | "grpc-web", userKey: string) {
  const planStatus = create(PlanStatusSchema, valid());
  planStatus.$unknown = [{ no: 99, wireType: 0, data: Uint8Array.of(7) }];
  const request = create(CreateUserPlanStatusRequestSchema, { parent, clientId, userKey, planStatus });
  const body = toBinary(CreateUserPlanStatusRequestSchema, request);
  const call = { url: server.url, token: server.token, protocol, method: rpc, body } as const;
  const { error } = await callRaw({ ...call, format: "binary" });
  expect(error).toBeUndefined();
}

const unknownOf = (status: PlanStatus) => status.$unknown?.map(({ no }) => no) ?? [];
const read = (server: TestServer, protocol: (typeof protocols)[number], userKey: string) =>
  server.client(protocol).getUserPlanStatus({ parent, clientId, userKey });

describe.each(["warn", "ignore"] as const)("a server with unknown fields: %s", (mode) => {
  it(`stores and answers a status without what is unknown in its JSON: ${mode}`, async () => {
    const { server } = await startServer(mode);
    await using _ = server;
    const userKey = freshKey();
    const { text, error } = await pushJson(
      server,
      userKey,
      '"new":{"a":1},"title":"t","uiCompatibility":"NEW","plans":[{"planId":"p","planCategory":77,"x":[]}]',
    );
    expect(error).toBeUndefined();
    expect(JSON.parse(text)).toMatchObject({ title: "t", plans: [{ planId: "p" }] });
    expect(text).not.toMatch(/new|NEW|:77\b|"x"/);
    for (const protocol of protocols) {
      const stored = await read(server, protocol, userKey);
      expect(toJsonString(PlanStatusSchema, stored)).not.toMatch(/new|NEW|:77\b|"x"/);
      expect(stored.title).toBe("t");
    }
  });

  it(`rejects duplicate keys and unknown parameters like any other: ${mode}`, async () => {
    const { server } = await startServer(mode);
    await using _ = server;
    const twice = await pushJson(server, "k", '"new":{"a":1,"a":2}');
    expect(readApiError(twice.error as never).violations).toEqual(["a: is set twice in one object"]);
    const path = `/v1/${parent}/clients/${clientId}/users/k/planStatus?newMode=1&$field=name`;
    const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${server.token}` } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('"newMode","description":"is not a parameter of this method"');
  });
});

describe("the log of unknown fields", () => {
  it("has each path once, whatever the indexes, in the mode warn", async () => {
    const { server, logged } = await startServer("warn");
    await using _ = server;
    for (const userKey of ["a", "b"]) {
      await pushJson(server, userKey, '"plans":[{"planId":"p","x":1},{"planId":"q","x":1,"planState":99}]');
    }
    const msg = "a request contains an unknown field";
    expect(logged()).toEqual([
      { msg, field: "plans[].x" },
      { msg, field: "planStatus.plans[].planState" },
    ]);
  });

  it("ends after a hundred paths", async () => {
    const { server, logged } = await startServer("warn");
    await using _ = server;
    for (let first = 0; first < 300; first += 60) {
      const names = Array.from({ length: 60 }, (_, index) => `"f${first + index}":0`);
      await pushJson(server, "k", names.join(","));
    }
    expect(logged()).toHaveLength(101);
    expect(logged().at(-1)?.msg).toMatch(/^requests contain 100 different unknown fields/);
  });

  it("does not exist in the mode ignore", async () => {
    const { server, logged } = await startServer("ignore");
    await using _ = server;
    await pushJson(server, "k", '"x":1,"uiCompatibility":99');
    await pushField99(server, "grpc", "k");
    expect(logged()).toEqual([]);
  });
});

describe.each(["refuse", "warn", "ignore"] as const)("binary with the mode %s", (mode) => {
  it.each(["connect", "grpc", "grpc-web"] as const)(
    `an unknown field number is stored, answered in binary and absent in JSON over %s: ${mode}`,
    async (protocol) => {
      const { server, logged } = await startServer(mode);
      await using _ = server;
      const userKey = freshKey();
      await pushField99(server, protocol, userKey);
      expect(unknownOf(await read(server, protocol, userKey))).toEqual([99]);
      expect(unknownOf(await read(server, "rest", userKey))).toEqual([]);
      expect(logged().map(({ field }) => field)).toEqual(mode === "warn" ? ["planStatus.99"] : []);
    },
  );

  it(`an undefined enum number is treated like its JSON: ${mode}`, async () => {
    const { server } = await startServer(mode);
    await using _ = server;
    const userKey = freshKey();
    const planStatus = { ...valid(), uiCompatibility: 99 as UiCompatibility };
    const pushed = server.client("grpc").createUserPlanStatus({ parent, clientId, userKey, planStatus });
    if (mode === "refuse") {
      await expect(pushed).rejects.toThrow(/uiCompatibility: must be one of/);
    } else {
      expect((await pushed).uiCompatibility).toBe(0);
      expect((await read(server, "grpc", userKey)).uiCompatibility).toBe(0);
    }
  });
});

let strict: TestServer;
beforeAll(async () => {
  strict = await startTestServer();
});
afterAll(() => strict[Symbol.asyncDispose]());

describe.each(protocols)("a suggestion over %s", (protocol) => {
  it.each([
    ['"PlanStates":[]', "PlanStates: is not a field of PlanStatus"],
    ['"languagecode":"en"', "languagecode: is not a field of PlanStatus; did you mean languageCode?"],
    ['"plans":[{"planID":"p"}]', "plans[0].planID: is not a field of Plan; did you mean planId?"],
    ['"plans":[{"plan-id":"p"}]', 'plans[0]."plan-id": is not a field of Plan; did you mean planId?'],
    [
      '"uiCompatibility":"UI_COMPATABLE"',
      "uiCompatibility: must be one of UI_COMPATIBILITY_UNSPECIFIED, UI_COMPATIBLE, UI_INCOMPATIBLE; did you mean UI_COMPATIBLE?",
    ],
  ])(`follows %s over ${protocol}`, async (members, violation) => {
    const isRest = protocol === "rest";
    const status = `{"languageCode":"en",${members}}`;
    const { error } = await callRaw({
      url: strict.url,
      token: strict.token,
      protocol,
      format: "json",
      method: isRest ? `POST /v1/${parent}/clients/${clientId}/users/k/planStatus` : rpc,
      body: isRest
        ? status
        : `{"parent":"${parent}","clientId":"${clientId}","userKey":"k","planStatus":${status}}`,
    });
    const { violations } = readApiError(error as never);
    expect(violations.map((each) => each.replace(/^planStatus\./, ""))).toEqual([violation]);
  });

  it(`follows an unknown client over ${protocol}`, async () => {
    const pushed = strict
      .client(protocol)
      .createUserPlanStatus({ parent, clientId: "you-tube", userKey: "k", planStatus: valid() });
    await expect(pushed).rejects.toThrow(/clientId: .*; did you mean youtube\?$/);
  });
});

describe("a suggestion for a parameter", () => {
  it.each([
    [
      "includeUiIncompatable=true",
      "includeUiIncompatable: is not a parameter of this method; did you mean includeUiIncompatible?",
    ],
    ["prettyprint=true", "prettyprint: is not a parameter of this method; did you mean prettyPrint?"],
    ["$Fields=name", '"$Fields": is not a system parameter of this server; did you mean $fields?'],
    ["$fields=plans.planID", "$fields: names planID, which is not a field of Plan; did you mean planId?"],
    [
      "fields=plans/planModule",
      "fields: names planModule, which is not a field of Plan; did you mean planModules?",
    ],
    ["access_tokem=x", "access_tokem: is not a parameter of this method"],
  ])("follows %s", async (query, violation) => {
    const method = `GET /v1/${parent}/planStatuses/k?${query}`;
    const call = {
      url: strict.url,
      token: strict.token,
      protocol: "rest",
      format: "json",
      body: "",
    } as const;
    const { error } = await callRaw({ ...call, method });
    expect(readApiError(error as never).violations).toEqual([violation]);
  });
});
