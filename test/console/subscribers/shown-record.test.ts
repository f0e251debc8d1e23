import { create, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import {
  CallSchema,
  RecordSchema,
  type Record as StoredRecord,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { NotificationType } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { CreatePlanGroupRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanGroupSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { knownChoices, recordOfCall, shownRecord } from "../../../src/console/subscribers/shown-record.ts";
import {
  fromNow,
  hour,
  minute,
  type PlanStatusInit,
  planStatus,
  second,
} from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";

function recordOf(init: PlanStatusInit = {}, clientId = ""): StoredRecord {
  return create(RecordSchema, { clientId, resource: { case: "planStatus", value: planStatus(init) } });
}

describe("shownRecord", () => {
  it("shows what is stored until its time is over, to the nanosecond", () => {
    const record = recordOf({ expireTime: fromNow(hour, 1) });
    expect(shownRecord(record, [], testTime + hour).state).toBe("stored");
    const over = shownRecord(record, [], testTime + hour + 1);
    expect(over).toEqual({ state: "expired", record, at: fromNow(hour, 1) });
  });

  it("shows greyed what it was, once it is not stored any more", () => {
    const record = recordOf();
    expect(shownRecord(undefined, [record], testTime + 2 * hour).state).toBe("expired");
    expect(shownRecord(undefined, [record], testTime)).toEqual({ state: "removed", record });
    expect(shownRecord(undefined, [], testTime)).toEqual({ state: "none" });
  });

  it("takes a record that the emulator dropped a moment before the clock of the console came to it as expired", () => {
    const record = recordOf();
    expect(shownRecord(undefined, [record], testTime + hour - second / 2).state).toBe("expired");
    expect(shownRecord(record, [], testTime + hour - second / 2).state).toBe("stored");
  });

  it("shows of several earlier forms the one that was read last from the backend", () => {
    const [older, newer] = [
      recordOf({ updateTime: fromNow(-hour) }),
      recordOf({ updateTime: fromNow(-minute) }),
    ];
    for (const before of [
      [older, newer],
      [newer, older, undefined],
    ]) {
      expect(shownRecord(undefined, before, testTime)).toEqual({ state: "removed", record: newer });
    }
  });

  it("never lets a group without a time expire", () => {
    const resource = { case: "planGroup", value: create(PlanGroupSchema) } as const;
    const record = create(RecordSchema, { resource });
    expect(shownRecord(record, [], Number.MAX_SAFE_INTEGER).state).toBe("stored");
  });
});

describe("recordOfCall", () => {
  const call = { operator: "operators/65001", userKey: "a/b" };

  it("returns the status of a push, without what the caller sent in output fields", () => {
    const sent = planStatus({
      name: "mine",
      title: "Contract",
      notifications: [NotificationType.NOTIFICATION_ACCOUNT_TOP_UP],
    });
    const requestJson = toJsonString(
      CreateUserPlanStatusRequestSchema,
      create(CreateUserPlanStatusRequestSchema, { planStatus: sent }),
    );
    const notifications = [NotificationType.NOTIFICATION_OUT_OF_DATA];
    const record = recordOfCall(
      create(CallSchema, { ...call, clientId: "youtube", requestJson, notifications }),
    );
    expect(record?.resource).toEqual({
      case: "planStatus",
      value: planStatus({ title: "Contract", notifications }),
    });
    expect([record?.operator, record?.clientId, record?.userKey]).toEqual([
      "operators/65001",
      "youtube",
      "a/b",
    ]);
  });

  it("returns the group of a push, also an empty one", () => {
    const group = create(PlanGroupSchema, { responseStaleTime: fromNow(hour) });
    for (const planGroup of [group, undefined]) {
      const request = create(CreatePlanGroupRequestSchema, {
        planGroupId: "a/b",
        ...(planGroup && { planGroup }),
      });
      const requestJson = toJsonString(CreatePlanGroupRequestSchema, request);
      expect(recordOfCall(create(CallSchema, { ...call, requestJson }))?.resource).toEqual({
        case: "planGroup",
        value: planGroup ?? create(PlanGroupSchema),
      });
    }
  });

  it("returns nothing of a request that the journal does not have as JSON", () => {
    expect(recordOfCall(create(CallSchema, call))).toBeUndefined();
  });
});

describe("knownChoices", () => {
  it("lists the status for every client, those for one in the order of the contract, and the group", () => {
    const group = create(RecordSchema, { resource: { case: "planGroup", value: create(PlanGroupSchema) } });
    const stored = [group, recordOf({}, "youtube"), recordOf({}, "mobiledataplan")];
    const pushes = [
      create(CallSchema, { method: "x/CreatePlanStatus", code: Code.OK }),
      create(CallSchema, { method: "x/CreateUserPlanStatus", clientId: "youtube", code: Code.OK }),
      // Nothing was stored by this one.
      create(CallSchema, {
        method: "x/CreateUserPlanStatus",
        clientId: "phone",
        code: Code.INVALID_ARGUMENT,
      }),
    ];
    const asked = { kind: "planStatus", clientId: "AndroidSystemInfo" } as const;
    expect(knownChoices(stored, [], pushes, asked)).toEqual([
      { kind: "planStatus", clientId: "" },
      { kind: "planStatus", clientId: "mobiledataplan" },
      { kind: "planStatus", clientId: "youtube" },
      asked,
      { kind: "planGroup", clientId: "" },
    ]);
  });
});
