import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CallSchema,
  Call_Protocol as Protocol,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  draftOf,
  hexDump,
  memberText,
  shownRequest,
} from "../../../../src/console/calls/detail/shown-request.ts";

const service = "mobiledataplansharing.v1.PlanStatusService";

function restCall(text: string, init: MessageInitShape<typeof CallSchema> = {}) {
  return create(CallSchema, {
    protocol: Protocol.REST,
    httpMethod: "POST",
    method: `${service}/CreateUserPlanStatus`,
    target: "/v1/operators/65001/clients/mobiledataplan/users/x/planStatus",
    operator: "operators/65001",
    clientId: "mobiledataplan",
    userKey: "x",
    body: { case: "bodyText", value: text },
    bodySize: BigInt(text.length),
    ...init,
  });
}

const violation = (field: string) => ({ field, description: `${field} is wrong` });
const pathsOf = (marks: readonly { path: string }[]) => marks.map(({ path }) => path);

describe("shownRequest", () => {
  it("shows the JSON of a REST body as it came", () => {
    const text = '{"plans":[{"planId":1e3,"planId":"b"}]}';
    expect(shownRequest(restCall(text))).toMatchObject({
      body: { text, kind: "sent", isCut: false },
      raw: undefined,
    });
  });

  it("marks violations of the path and the query apart from those of the body", () => {
    const call = restCall("{}", {
      method: `${service}/CreatePlanStatus`,
      target: "/v1/operators/65001/planStatuses?colour=red",
      violations: [violation("userKey"), violation("colour"), violation("parent"), violation("title")],
    });
    const { marks, parameterMarks } = shownRequest(call);
    expect(pathsOf(parameterMarks)).toEqual(["userKey", "colour", "parent"]);
    expect(pathsOf(marks)).toEqual(["title"]);
  });

  it("marks a field of the body in the body, also if a parameter has its name", () => {
    const call = restCall('{"name": 5}', { violations: [violation("name")] });
    expect(pathsOf(shownRequest(call).marks)).toEqual(["name"]);
  });

  it("shows the message of a binary request, and its bytes apart", () => {
    const value = new Uint8Array([0, 0, 0, 0, 0]);
    const call = restCall("", {
      protocol: Protocol.GRPC,
      requestJson: '{"parent":"operators/65001","planStatus":{}}',
      body: { case: "bodyBytes", value },
      bodySize: 5n,
      violations: [violation("parent"), violation("planStatus.languageCode")],
    });
    const shown = shownRequest(call);
    expect(shown.body).toEqual({ text: call.requestJson, kind: "message", isCut: false });
    expect(shown.raw).toEqual({ bytes: value });
    expect(pathsOf(shown.marks)).toEqual(["parent", "planStatus.languageCode"]);
    expect(shown.parameterMarks).toEqual([]);
  });

  it("shows the status of a compressed REST push, where its violations are", () => {
    const call = restCall("", {
      requestJson: '{"parent":"operators/65001","planStatus":{"title":"{}"}}',
      body: { case: "bodyBytes", value: new Uint8Array([0x1f, 0x8b]) },
      bodySize: 2n,
    });
    expect(shownRequest(call).body?.text).toBe('{"title":"{}"}');
  });

  it("shows the message if the body was too large to be kept whole", () => {
    const call = restCall('{"planSt', { bodySize: 100n, requestJson: '{"planStatus":{"title":"T"}}' });
    expect(shownRequest(call)).toMatchObject({
      body: { text: '{"title":"T"}', kind: "message" },
      raw: { text: '{"planSt' },
    });
    expect(shownRequest(restCall('{"planSt', { bodySize: 100n })).body).toMatchObject({ isCut: true });
  });

  it("says where a body stops being JSON", () => {
    const call = restCall('{"title": "T",\n "plans": [}', {
      violations: [{ field: "body", description: "must be JSON" }],
    });
    expect(shownRequest(call).marks).toEqual([{ path: "", description: "must be JSON (line 2, column 12)" }]);
  });

  it("says no place of a body of gRPC-Web, whose text is base64", () => {
    const violations = [{ field: "body", description: "must be base64" }];
    const call = restCall("not base64!!", { protocol: Protocol.GRPC_WEB, violations });
    expect(shownRequest(call)).toMatchObject({
      body: { text: "not base64!!", kind: "sent" },
      marks: [{ path: "", description: "must be base64" }],
    });
  });

  it("has no body where none was kept", () => {
    const call = create(CallSchema, { httpMethod: "GET", target: "/v1/operators/1/planStatuses/x" });
    expect(shownRequest(call)).toEqual({ body: undefined, marks: [], parameterMarks: [], raw: undefined });
  });
});

describe("draftOf", () => {
  it("hands over the status of a push over any protocol", () => {
    const sent = draftOf(restCall('{"title": "T"}'));
    const connect = restCall('{"parent":"operators/65001","planStatus":{"title": "T"}}', {
      protocol: Protocol.CONNECT,
    });
    const expected = {
      method: "CreateUserPlanStatus",
      operator: "65001",
      clientId: "mobiledataplan",
      userKey: "x",
      text: '{"title": "T"}',
    };
    expect(sent).toEqual(expected);
    expect(draftOf(connect)).toEqual(expected);
  });

  it("hands over the group of a push of a group", () => {
    const call = restCall('{"planGroupId": "x", "planGroup": {"dataPlans": []}}', {
      method: "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup",
      clientId: "",
    });
    expect(draftOf(call)).toMatchObject({ method: "CreatePlanGroup", text: '{"dataPlans": []}' });
  });

  it("hands over nothing of a read", () => {
    expect(draftOf(restCall("", { method: "x.PlanServingService/GetPlanStatus" }))).toBeUndefined();
  });
});

describe("memberText", () => {
  it("returns the text of a member as it is written", () => {
    expect(memberText('{"a": 1, "b" : {"a": 9007199254740993} }', "b")).toBe('{"a": 9007199254740993}');
    expect(memberText('{"a": 1}', "b")).toBeUndefined();
    expect(memberText("[", "b")).toBeUndefined();
  });
});

describe("hexDump", () => {
  it("has offset, bytes and text of each 16 bytes", () => {
    const bytes = new TextEncoder().encode("\0hello, world\u00ff!!");
    expect(hexDump(bytes).split("\n")).toEqual([
      "00000000  00 68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 c3 bf 21  .hello, world..!",
      "00000010  21                                               !",
    ]);
  });

  it("ends after 4 KiB, and says how much is left out", () => {
    const lines = hexDump(new Uint8Array(5_000)).split("\n");
    expect(lines).toHaveLength(257);
    expect(lines.at(-1)).toBe("… 904 more bytes");
  });
});
