import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createRecordCheck } from "../../src/check/check-record.ts";
import { checkStore } from "../../src/check/check-store.ts";
import type { Finding } from "../../src/check/finding.ts";
import { createContractRules } from "../../src/plans/contract-rules.ts";
import { planGroupRecord, planStatusRecord } from "../../src/services/record-mapping.ts";
import { type PlanStore, type PutRecord, StoreUnavailable } from "../../src/store/plan-store.ts";
import { day, fromNow, planStatus } from "../support/plan-statuses.ts";

const check = createRecordCheck(createContractRules());
const userKey = "447700900123";

function named(change: (status: PlanStatus) => void = () => undefined): PutRecord {
  const status = planStatus({ updateTime: fromNow(0, 7), expireTime: fromNow(day, 1) });
  status.name = `operators/65001/planStatuses/${userKey}`;
  change(status);
  return planStatusRecord(65001, "youtube", userKey, status);
}

describe("createRecordCheck", () => {
  it("the check of a record accepts what a server stores, also if it has expired", () => {
    expect(check(named())).toEqual([]);
    expect(check(named((status) => (status.expireTime = fromNow(-day))))).toEqual([]);
    const group = create(PlanGroupSchema, {
      name: "operators/1/planGroups/a%2Fb",
      responseStaleTime: fromNow(0),
    });
    expect(check(planGroupRecord(1, "a/b", group))).toEqual([]);
  });

  it.each<[string, PutRecord, RegExp]>([
    [
      "bytes that are not a message",
      { ...named(), value: Buffer.from([0xff]) },
      /^its value of 1 bytes is not a planStatus: /,
    ],
    [
      "a message without a required field",
      { ...named(), value: Buffer.from([]) },
      /^planStatus\..*: value is required/,
    ],
    [
      "a violation",
      named((status) => (status.languageCode = "e")),
      /^planStatus\.languageCode: must be a well-formed language tag/,
    ],
    [
      "an invalid time",
      named((status) => (status.updateTime = { ...fromNow(0), nanos: -1 })),
      /^planStatus\.updateTime: must be a time from year 1/,
    ],
    ["no name", named((status) => (status.name = "")), /^its name is missing$/],
    [
      "the name of another record",
      named((status) => (status.name = "operators/65001/planStatuses/447700900124")),
      /^its name is that of another record$/,
    ],
    ["another update time", { ...named(), updateTime: undefined }, /^its update time differs/],
    ["another expiry", { ...named(), expiresAtMs: 7 }, /^its expiry differs/],
  ])("the check of a record reports %s without the user key", (_, record, problem) => {
    const [first, ...others] = check(record);
    expect(first).toMatch(problem);
    expect([first, ...others].join()).not.toContain("4477009");
  });
});

describe("checkStore", () => {
  async function checked(pages: readonly (readonly PutRecord[] | Error)[]) {
    const found: Finding[] = [];
    const store = {
      async *scan() {
        for (const page of pages) {
          if (page instanceof Error) {
            throw page;
          }
          yield { records: page, cursor: "", cursorAfter: () => "" };
        }
      },
    };
    const records = await checkStore(store as unknown as PlanStore, check, (finding) => found.push(finding));
    return { records, found };
  }

  it("checkStore describes a record by its operator, client and a digest of its id", async () => {
    const broken = { ...named(), value: toBinary(PlanStatusSchema, create(PlanStatusSchema)) };
    const { records, found } = await checked([[named()], [broken, named()]]);
    expect(records).toBe(3);
    expect(found).toEqual([
      {
        severity: "error",
        place: expect.stringMatching(
          /^planStatus of operators\/65001, client youtube, id of SHA-256 [0-9a-f]{16}…$/,
        ),
        problem: expect.stringContaining("value is required"),
      },
    ]);
  });

  it("checkStore counts invalid records beyond 100 and reports where reading failed", async () => {
    const broken = { ...named(), expiresAtMs: 7 };
    const { records, found } = await checked([
      Array(150).fill(broken),
      new StoreUnavailable("unknown layout"),
    ]);
    expect(records).toBe(150);
    expect(found).toHaveLength(102);
    expect(found.slice(-2).map(({ problem }) => problem)).toEqual([
      "reading failed after 150 records: unknown layout",
      "50 more records are invalid",
    ]);
  });
});
