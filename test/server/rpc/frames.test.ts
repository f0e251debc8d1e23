import { expect, it } from "vitest";
import { messagesInFrames } from "../../../src/server/rpc/frames.ts";

it("the part of a gRPC body that is decoded ends after the second of 200,000 messages", () => {
  const body = new Uint8Array(1_000_000);
  expect(messagesInFrames(body, 100, false)).toMatchObject({ messages: [{}, {}], length: 10 });
});

it("the part of a gRPC-Web body that is decoded includes its trailers", () => {
  const body = Uint8Array.of(0, 0, 0, 0, 1, 7, 0x80, 0, 0, 0, 0);
  expect(messagesInFrames(body, 100, true)).toMatchObject({ messages: [{}], length: 11 });
});

it("a gRPC-Web body with 200,000 frames of trailers is rejected at the second one", () => {
  const body = new Uint8Array(1_000_000);
  for (let at = 0; at < body.length; at += 5) {
    body[at] = 0x80;
  }
  expect(messagesInFrames(body, 100, true)).toEqual({ problem: "must have at most one frame of trailers" });
});
