import { create, fromBinary, fromJson, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanModuleSchema, PlanSchema } from "../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { listLimitOf } from "../../../src/plans/list-limits.ts";
import { createBinaryReader, maxSuperfluousFields } from "../../../src/server/rpc/binary-reader.ts";
import type { Rejection } from "../../../src/transcoding/index.ts";
import { messages } from "../../support/messages.ts";
import { requestBinary, worstBinary } from "../../support/worst-case/bodies.ts";
import { jsonOfEverything } from "../../transcoding/fixtures/arbitraries.ts";
import { everything } from "../../transcoding/fixtures/library.ts";

const desc = CreateUserPlanStatusRequestSchema;
/** Returns why a reader rejects bytes; undefined if it does not. */
const checkOf =
  (read: ReturnType<typeof createBinaryReader>) =>
  (bytes: Uint8Array): Rejection | undefined => {
    const result = read(bytes);
    return "violations" in result ? result : undefined;
  };
const check = checkOf(createBinaryReader(desc, { listLimits: listLimitOf }));
const malformed = {
  violations: [{ field: "body", description: `must be the binary form of ${desc.typeName}` }],
};

/** Whether a message was rejected for fields that are unknown or occur again, which ends the reading before its end. */
function isOverfull(rejection: Rejection | undefined): boolean {
  return rejection?.violations[0]?.description.startsWith("must have at most 1000 fields") ?? false;
}

function decode(bytes: Uint8Array): Message | undefined {
  try {
    return fromBinary(desc, bytes);
  } catch {
    return undefined;
  }
}

const validator = createValidator({ regexMatch: () => true });

function hasLongList(message: unknown): boolean {
  const { violations = [] } = validator.validate(desc, message as never);
  return violations.some(({ ruleId }) => ruleId === "repeated.max_items");
}

/** Bytes of a status that come one after the other: protobuf merges messages that way. */
const joined = (...parts: Uint8Array[]) => Buffer.concat(parts);
const statusOf = (init: Parameters<typeof create<typeof PlanStatusSchema>>[1]) =>
  toBinary(PlanStatusSchema, create(PlanStatusSchema, init));

describe("createBinaryReader", () => {
  it("rejects a message for a list that is too long exactly when protovalidate does", () => {
    const seen = { long: 0, short: 0 };
    fc.assert(
      fc.property(messages(desc), (message) => {
        const isLong = hasLongList(message);
        seen[isLong ? "long" : "short"] += 1;
        expect(check(toBinary(desc, message as never))?.reason).toBe(isLong ? "FIELD_INVALID" : undefined);
      }),
      { numRuns: 500 },
    );
    expect(seen.long).toBeGreaterThan(20);
    expect(seen.short).toBeGreaterThan(20);
  });

  it("rejects the same bytes as protobuf-es when some of a message are changed", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(messages(desc), edits, fc.nat(10), (message, changes, cut) => {
        const bytes = toBinary(desc, message as never);
        for (const [at, byte] of changes) {
          bytes[at % bytes.length] = byte;
        }
        const changed = bytes.subarray(0, bytes.length - cut);
        const decoded = decode(changed);
        seen[decoded ? "valid" : "invalid"] += 1;
        const rejection = check(changed);
        // Changed tags may become many unknown fields, at which reading ends.
        fc.pre(!isOverfull(rejection));
        if (rejection?.reason === undefined) {
          expect(rejection).toEqual(decoded ? undefined : malformed);
        }
        if (decoded !== undefined) {
          expect(rejection?.reason).toBe(hasLongList(decoded) ? "FIELD_INVALID" : undefined);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(seen.valid).toBeGreaterThan(20);
    expect(seen.invalid).toBeGreaterThan(50);
  });

  it("passes over every kind of field", () => {
    const checkAll = checkOf(createBinaryReader(everything, { listLimits: listLimitOf }));
    fc.assert(
      fc.property(jsonOfEverything, (json) => {
        expect(checkAll(toBinary(everything, fromJson(everything, json)))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  const long = { reason: "FIELD_INVALID" };

  it.each<[string, Uint8Array, string]>([
    ["plans", statusOf({ plans: Array(129).fill({}) }), "planStatus.plans"],
    [
      "modules",
      statusOf({ plans: [{}, { planModules: Array(129).fill({}) }] }),
      "planStatus.plans[1].planModules",
    ],
    [
      "packed numbers",
      statusOf({ plans: [{ planModules: [{ trafficCategories: Array(129).fill(1) }] }] }),
      "planStatus.plans[0].planModules[0].trafficCategories",
    ],
    ["ignored numbers", statusOf({ notifications: Array(32_771).fill(1) }), "planStatus.notifications"],
    [
      "items in two parts",
      joined(statusOf({ plans: Array(65).fill({}) }), statusOf({ title: "t", plans: Array(64).fill({}) })),
      "planStatus.plans",
    ],
  ])("rejects a list that is too long, of %s, as validation does", (_, status, field) => {
    const rejection = check(requestBinary(status));
    expect(rejection).toMatchObject({ ...long, violations: [{ field }] });
    expect(rejection?.violations[0]?.description).toMatch(/^must contain no more than (128|32770) item/);
  });

  it("counts the items of a message that occurs in two parts together", () => {
    const part = (count: number) => requestBinary(statusOf({ plans: Array(count).fill({}) }));
    expect(check(joined(part(64), part(64)))).toBeUndefined();
    expect(check(joined(part(64), part(65)))).toMatchObject({ violations: [{ field: "planStatus.plans" }] });
  });

  it("counts the items of each message of a list for themselves", () => {
    const plan = create(PlanSchema, { planModules: Array(128).fill(create(PlanModuleSchema)) });
    expect(check(requestBinary(statusOf({ plans: Array(128).fill(plan) })))).toBeUndefined();
  });

  it("accepts as many superfluous fields as are allowed, and not one more", () => {
    const unknown = (count: number) => requestBinary(Buffer.alloc(2 * count, Uint8Array.of(0x78, 0)));
    expect(check(unknown(maxSuperfluousFields))).toBeUndefined();
    expect(check(unknown(maxSuperfluousFields + 1))).toEqual({
      violations: [
        { field: "body", description: "must have at most 1000 fields that are unknown or occur again" },
      ],
    });
  });

  it("counts the fields inside of unknown groups", () => {
    const inside = Buffer.alloc(2 * maxSuperfluousFields, Uint8Array.of(0x08, 0));
    const group = joined(Uint8Array.of(0x7b), inside, Uint8Array.of(0x7c));
    expect(check(requestBinary(group))).toMatchObject({ violations: [{ field: "body" }] });
  });

  it.each(worstBinary().map(({ name, binary }) => [name, binary] as const))(
    "passes over no more fields than allowed in the worst bodies: %s",
    (_, binary) => {
      const tag = vi.spyOn(BinaryReader.prototype, "tag");
      onTestFinished(() => tag.mockRestore());
      check(requestBinary(binary as Uint8Array));
      // 16,384 modules with eight fields each are passed over once, and decoded once.
      expect(tag.mock.calls.length).toBeLessThan(300_000);
    },
  );
});
