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

describe("the check of a record", () => {
  it("finds nothing in what a server stores, however old it is", () => {
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
      "bytes that are no message",
      { ...named(), value: Buffer.from([0xff]) },
      /^its value of 1 bytes is no planStatus: /,
    ],
    [
      "a message without a required field",
      { ...named(), value: Buffer.from([]) },
      /^planStatus\..*: value is required/,
    ],
    [
      "a broken rule",
      named((status) => (status.languageCode = "en_US")),
      /^planStatus\.languageCode: must be a BCP-47/,
    ],
    [
      "a time that is none",
      named((status) => (status.updateTime = { ...fromNow(0), nanos: -1 })),
      /^planStatus\.updateTime: must be a time from year 1/,
    ],
    ["no name", named((status) => (status.name = "")), /^it has no name$/],
    [
      "the name of another",
      named((status) => (status.name = "operators/65001/planStatuses/447700900124")),
      /^it has the name of another record than its key is of$/,
    ],
    ["another update time", { ...named(), updateTime: undefined }, /^the store goes by another update time/],
    ["another expiry", { ...named(), expiresAtMs: 7 }, /^the store goes by another time of expiry/],
  ])("finds %s, and names no user", (_, record, problem) => {
    const [first, ...others] = check(record);
    expect(first).toMatch(problem);
    expect([first, ...others].join()).not.toContain("4477009");
  });
});

describe("the check of a store", () => {
  async function checked(pages: readonly (readonly PutRecord[] | Error)[]) {
    const found: Finding[] = [];
    const store = {
      async *scan() {
        for (const page of pages) {
          if (page instanceof Error) {
            throw page;
          }
          yield { records: page, cursor: "" };
        }
      },
    };
    const records = await checkStore(store as unknown as PlanStore, check, (finding) => found.push(finding));
    return { records, found };
  }

  it("names a record by its operator, its client and a digest of its id", async () => {
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

  it("counts what is too much to tell, and says where reading ended", async () => {
    const broken = { ...named(), expiresAtMs: 7 };
    const { records, found } = await checked([
      Array(150).fill(broken),
      new StoreUnavailable("unknown layout"),
    ]);
    expect(records).toBe(150);
    expect(found).toHaveLength(102);
    expect(found.slice(-2).map(({ problem }) => problem)).toEqual([
      "reading ended after 150 records: unknown layout",
      "50 more records have faults",
    ]);
  });
});
