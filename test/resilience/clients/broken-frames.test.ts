import { describe, expect, it } from "vitest";
import { createRandom } from "../../fuzz/random.ts";
import { encodeFrame, frameFlags, frameTypes, http2Preface } from "../../support/http/http2-frames.ts";
import { brokenConnection, violationNames } from "./broken-frames.ts";
import { headerBlock, settingsFrame } from "./http2-requests.ts";

describe("brokenConnection", () => {
  it("brokenConnection returns the same bytes for the same seed and different ones for another seed", () => {
    const bytes = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 50 }, () => brokenConnection(random).bytes.toString("hex"));
    };
    expect(bytes(7)).toEqual(bytes(7));
    expect(bytes(7)).not.toEqual(bytes(8));
  });

  it("brokenConnection covers every violation and mostly starts with a valid preface", () => {
    const random = createRandom(1);
    const connections = Array.from({ length: 1_000 }, () => brokenConnection(random));
    expect(new Set(connections.flatMap(({ violations }) => violations))).toEqual(new Set(violationNames));
    const begun = connections.filter(({ bytes }) =>
      bytes.subarray(0, http2Preface.length).equals(http2Preface),
    );
    expect(begun.length).toBeGreaterThan(800);
  });
});

describe("encodeFrame and headerBlock", () => {
  it("encodeFrame writes frames as RFC 9113 defines them", () => {
    expect(settingsFrame([[4, 65_535]]).toString("hex")).toBe("00000604000000000000040000ffff");
    expect(
      encodeFrame({ type: frameTypes.ping, flags: frameFlags.ack, payload: Buffer.alloc(8) }).toString("hex"),
    ).toBe(`000008060100000000${"00".repeat(8)}`);
    expect(
      encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.of(1), length: 9 }).toString("hex"),
    ).toBe("00000900000000000101");
  });

  it("headerBlock writes short and long literals as RFC 7541 defines them", () => {
    expect(headerBlock({ ab: "c" }).toString("hex")).toBe("00026162".concat("0163"));
    // Appendix C.1.2 encodes 1337 with a prefix of five bits; with seven bits it is 127 + 1210.
    expect(headerBlock({ a: "x".repeat(1_337) }).subarray(3, 6)).toEqual(Buffer.of(0x7f, 0xba, 0x09));
  });
});
