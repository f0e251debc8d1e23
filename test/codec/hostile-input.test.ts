import { describe, expect, it } from "vitest";
import {
  decodeCreateUserPlanStatusRequest,
  readCreateUserPlanStatusRequest,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_codec.ts";
import { BinaryInput, JsonInput } from "../../src/codec/runtime.ts";
import {
  bodyLimit,
  requestBinary,
  requestJson,
  worstBinary,
  worstJson,
} from "../support/worst-case/bodies.ts";

/** What strict decoding of a request costs. */
type Work = { tags: number; messages: number; readBytes: number; isAccepted: boolean };

function decodingWork(bytes: Uint8Array): Work {
  const work = { tags: 0, messages: 0, readBytes: 0, isAccepted: true };
  class CountingInput extends BinaryInput {
    override tag(): number {
      work.tags += 1;
      return super.tag();
    }
    override enter(): void {
      work.messages += 1;
      super.enter();
    }
  }
  const input = new CountingInput(bytes, true);
  try {
    decodeCreateUserPlanStatusRequest(input, bytes.length);
  } catch {
    work.isAccepted = false;
  }
  return { ...work, readBytes: input.pos };
}

/** Bytes that fill the limit of a body after some others. */
const filledWith = (item: readonly number[], before: readonly number[] = []) =>
  requestBinary(Buffer.concat([Buffer.from(before), Buffer.alloc(bodyLimit - 1000, Buffer.from(item))]));

describe("strict decoding of hostile bytes", () => {
  it.each(worstBinary().map(({ name, binary }) => [name, binary as Uint8Array] as const))(
    "passes over no more fields than allowed in the worst bodies: %s",
    (_, binary) => {
      const { tags, messages } = decodingWork(requestBinary(binary));
      // 16,384 modules with eight fields each, as when the message is passed over before it is decoded.
      expect(tags).toBeLessThan(150_000);
      expect(messages).toBeLessThan(50_000);
    },
  );

  it.each<[string, Uint8Array, number, number]>([
    ["a list of empty plans", filledWith([0x12, 0x00]), 129 * 2, 131],
    ["a list of numbers", filledWith([0x50, 0x01]), 32_771 * 2, 3],
    ["a packed list", filledWith([0x01], [0x52, 0x98, 0xf8, 0x3f]), 32_771, 3],
    ["a field that occurs again", filledWith([0x3a, 0x00]), 4, 3],
    ["unknown fields", filledWith([0x98, 0x06, 0x01]), 3, 3],
    ["unknown groups", filledWith([0x9b, 0x06]), 2, 3],
    ["a message that occurs in many parts", filledWith([0x42, 0x00]), 3, 3],
  ])("ends at the limit of %s", (_, bytes, mostBytes, mostMessages) => {
    const work = decodingWork(bytes);
    expect(work.isAccepted).toBe(false);
    // The names of the request are in front of the status.
    expect(work.readBytes).toBeGreaterThanOrEqual(mostBytes);
    expect(work.readBytes).toBeLessThan(mostBytes + 100);
    expect(work.messages).toBeLessThanOrEqual(mostMessages);
  });
});

/** Returns the number of keys and of objects that the reader of a JSON value looks at. */
function readingWork(json: unknown): number {
  let objects = 0;
  class CountingInput extends JsonInput {
    override enter(value: unknown): asserts value is Readonly<Record<string, unknown>> {
      objects += 1;
      super.enter(value);
    }
  }
  const input: JsonInput = new CountingInput();
  try {
    readCreateUserPlanStatusRequest(input, json);
  } catch {
    // Another reader reads it.
  }
  return input.keys + objects;
}

describe("reading of hostile JSON", () => {
  const bodies = worstJson().flatMap(({ name, json = "" }): [string, unknown][] => {
    try {
      return [[name, JSON.parse(requestJson(json))]];
    } catch {
      return [];
    }
  });

  it.each(bodies)("looks at no more keys than allowed in the worst bodies: %s", (_, json) => {
    expect(readingWork(json)).toBeLessThan(150_000);
  });

  it.each([
    ["a list of empty plans", { plans: new Array(500_000).fill({}) }, 10],
    ["a list of numbers", { notifications: new Array(500_000).fill(1) }, 10],
    [
      "many unknown fields",
      Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`x${index}`, 0])),
      10,
    ],
    ["plans with too many modules", { plans: [{ planModules: new Array(129).fill({}) }] }, 20],
  ])("ends at the limit of %s", (_, planStatus, most) => {
    expect(readingWork({ planStatus })).toBeLessThan(most);
  });
});
