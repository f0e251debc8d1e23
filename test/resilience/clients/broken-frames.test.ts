import { describe, expect, it } from "vitest";
import { createRandom } from "../../fuzz/random.ts";
import { encodeFrame, frameFlags, frameTypes, http2Preface } from "../../support/http/http2-frames.ts";
import { brokenConnection, waysToBreak } from "./broken-frames.ts";
import { headerBlock, settingsFrame } from "./http2-requests.ts";

describe("broken connections", () => {
  it("are the same for the same seed, and others for another", () => {
    const bytes = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 50 }, () => brokenConnection(random).bytes.toString("hex"));
    };
    expect(bytes(7)).toEqual(bytes(7));
    expect(bytes(7)).not.toEqual(bytes(8));
  });

  it("have every fault, and mostly begin as a client does", () => {
    const random = createRandom(1);
    const connections = Array.from({ length: 1_000 }, () => brokenConnection(random));
    expect(new Set(connections.flatMap(({ faults }) => faults))).toEqual(new Set(waysToBreak));
    const begun = connections.filter(({ bytes }) =>
      bytes.subarray(0, http2Preface.length).equals(http2Preface),
    );
    expect(begun.length).toBeGreaterThan(800);
  });
});

describe("frames", () => {
  it("are written as RFC 9113 has them", () => {
    expect(settingsFrame([[4, 65_535]]).toString("hex")).toBe("00000604000000000000040000ffff");
    expect(
      encodeFrame({ type: frameTypes.ping, flags: frameFlags.ack, payload: Buffer.alloc(8) }).toString("hex"),
    ).toBe(`000008060100000000${"00".repeat(8)}`);
    expect(
      encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.of(1), length: 9 }).toString("hex"),
    ).toBe("00000900000000000101");
  });

  it("have headers as RFC 7541 has literals, long ones too", () => {
    expect(headerBlock({ ab: "c" }).toString("hex")).toBe("00026162".concat("0163"));
    // Appendix C.1.2 has 1337 behind a prefix of five bits; behind seven it is 127 + 1210.
    expect(headerBlock({ a: "x".repeat(1_337) }).subarray(3, 6)).toEqual(Buffer.of(0x7f, 0xba, 0x09));
  });
});
