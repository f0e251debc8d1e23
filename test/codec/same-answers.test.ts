import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanCodec, PlanModuleCodec } from "../../gen/mobiledataplansharing/v1/plans_codec.ts";
import { PlanModuleSchema, PlanSchema } from "../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { PlanStatusCodec } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";

const plan = create(PlanSchema, { planId: "a", planName: "b", planModules: [{ moduleName: "c" }] });

/** Returns what a function throws, as text. */
function errorOf(run: () => unknown): string {
  try {
    run();
    return "no error";
  } catch (error) {
    return String(error);
  }
}

describe("encode", () => {
  it("returns a Uint8Array of its own, not a Buffer", () => {
    const bytes = PlanCodec.encode(plan);
    PlanCodec.encode(create(PlanSchema, { planId: "x".repeat(100) }));
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect(bytes).toEqual(toBinary(PlanSchema, plan));
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });
});

/** Messages that TypeScript would not allow. */
const wrong: readonly (readonly [string, unknown])[] = [
  ["null as a message", null],
  ["null as a member", { ...plan, expirationTime: null }],
  ["null as a oneof", { ...plan, planModules: [{ ...plan.planModules[0], balance: null }] }],
  ["a field of a prototype", Object.setPrototypeOf({ ...plan }, { planState: 1 })],
  ["a Set as a list", { ...plan, planModules: new Set(plan.planModules) }],
  ["an object as a list", { ...plan, planModules: { length: 0 } }],
  ["a number as a list", { ...plan, planModules: 1 }],
  ["unknown fields without bytes", { ...plan, $unknown: [{ no: 99, wireType: 2, data: Number.NaN }] }],
  [
    "a Set of unknown fields",
    { ...plan, $unknown: new Set([{ no: 9, wireType: 0, data: Uint8Array.of(1) }]) },
  ],
];

describe("a wrong message", () => {
  it.each(wrong)("%s is encoded like with toBinary", (_, message) => {
    const theirs = errorOf(() => toBinary(PlanSchema, message as never));
    expect(errorOf(() => PlanCodec.encode(message as never))).toBe(theirs);
    if (theirs === "no error") {
      expect(PlanCodec.encode(message as never)).toEqual(toBinary(PlanSchema, message as never));
    }
  });

  it.each(wrong)("%s is written like with toJsonString", (_, message) => {
    const theirs = errorOf(() => toJsonString(PlanSchema, message as never));
    expect(errorOf(() => PlanCodec.writeJson(message as never))).toBe(theirs);
    if (theirs === "no error") {
      expect(PlanCodec.writeJson(message as never)).toBe(toJsonString(PlanSchema, message as never));
    }
  });
});

describe("decode", () => {
  it.each([
    // planCategory, a varint, as bytes of a length.
    ["field of Plan", Uint8Array.of(0x1a, 0x01, 0x01)],
    // planCategory as a field of 32 bits, whose first byte is the value, and behind it planState.
    ["varint of Plan", Uint8Array.of(0x1d, 0x02, 0x30, 0x01)],
    // Timestamp.seconds as bytes of a length.
    ["field of a Timestamp", Uint8Array.of(0x22, 0x03, 0x0a, 0x08, 0x01)],
  ])("reads a known %s with another wire type like fromBinary", (_, bytes) => {
    const theirs = errorOf(() => fromBinary(PlanSchema, bytes));
    expect(errorOf(() => PlanCodec.decode(bytes))).toBe(theirs);
    if (theirs === "no error") {
      expect(PlanCodec.decode(bytes)).toEqual(fromBinary(PlanSchema, bytes));
    }
    expect(PlanCodec.decodeStrictly(bytes)).toBeUndefined();
  });

  it("decodeStrictly accepts a text that has U+FFFD, but not bytes that are not UTF-8", () => {
    const named = create(PlanSchema, { planName: "\ufeffunknown \ufffd" });
    expect(PlanCodec.decodeStrictly(toBinary(PlanSchema, named))).toEqual(named);
    expect(PlanCodec.decodeStrictly(Uint8Array.of(0x0a, 0x02, 0xc3, 0x28))).toBeUndefined();
  });
});

describe("readJson", () => {
  it("leaves instances of classes in the place of an object to another reader", () => {
    class LongNumber {
      planId = "9007199254740993";
    }
    expect(PlanCodec.readJson({ planId: "9007199254740993" })).toBeDefined();
    expect(PlanCodec.readJson(new LongNumber())).toBeUndefined();
    expect(PlanStatusCodec.readJson({ plans: [new LongNumber()] })).toBeUndefined();
  });

  it("keeps the sign of an enum that is -0, like the reader of all messages", () => {
    const read = PlanModuleCodec.readJson({ coarseBalanceLevel: -0, maxRateKbps: -0 });
    expect(read?.message).toEqual(create(PlanModuleSchema, { coarseBalanceLevel: -0 as 0 }));
  });
});
