import { expect, it } from "vitest";
import { chunkReader, readFrames } from "../../../src/server/rpc/frames.ts";

/** Reads the frames of a body that arrives in the given chunks. */
async function framesOf(chunks: readonly Uint8Array[], { limit = 100, endFlag = 0x80 } = {}) {
  async function* arriving() {
    yield* chunks;
  }
  const frames: { content: number[]; compressed: boolean }[] = [];
  for await (const { content, compressed } of readFrames(chunkReader(arriving()), {
    limit,
    endFlag,
    inStream: false,
  })) {
    frames.push({ content: [...content], compressed });
  }
  return frames;
}

const body = Uint8Array.of(0, 0, 0, 0, 1, 7, 1, 0, 0, 0, 2, 8, 9, 0, 0, 0, 0, 0);
const messages = [
  { content: [7], compressed: false },
  { content: [8, 9], compressed: true },
  { content: [], compressed: false },
];

it.each([1, 2, 3, 5, 6, 7, 11, 18])(
  "readFrames reads the same messages of a body that arrives in pieces of %i bytes",
  async (size) => {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += size) {
      chunks.push(body.subarray(at, at + size), new Uint8Array(0));
    }
    expect(await framesOf(chunks)).toEqual(messages);
  },
);

it("readFrames yields a message before the next one has arrived", async () => {
  const second = Promise.withResolvers<Uint8Array>();
  async function* arriving() {
    yield body.subarray(0, 8);
    yield await second.promise;
  }
  const frames = readFrames(chunkReader(arriving()), { limit: 100, endFlag: 0, inStream: false });
  expect((await frames.next()).value).toMatchObject({ compressed: false });
  second.resolve(body.subarray(8));
  expect((await frames.next()).value).toMatchObject({ compressed: true });
});

it.each([1, 5, 8, 12, 17])(
  "readFrames rejects a body that ends within a frame, after %i bytes",
  async (length) => {
    await expect(framesOf([body.subarray(0, length)])).rejects.toThrow(
      "body must be complete frames, but ends within one",
    );
  },
);

it("readFrames rejects a message that is too large by its length, before it has arrived", async () => {
  await expect(framesOf([Uint8Array.of(0, 0, 0, 0, 101)])).rejects.toThrow(
    "must not be larger than 100 bytes",
  );
  await expect(framesOf([Uint8Array.of(0, 255, 255, 255, 255)])).rejects.toThrow("must not be larger");
});

it("readFrames skips the frame that ends a stream", async () => {
  const end = Uint8Array.of(0x80, 0, 0, 0, 1, 1);
  expect(await framesOf([body, end])).toEqual(messages);
});

it("readFrames rejects the second of 200,000 frames that end a stream", async () => {
  const ends = new Uint8Array(1_000_000);
  for (let at = 0; at < ends.length; at += 5) {
    ends[at] = 0x80;
  }
  await expect(framesOf([ends])).rejects.toThrow("no frame behind the one that ends the stream");
});

it("readFrames rejects a message behind the frame that ends a stream", async () => {
  const end = Uint8Array.of(0x80, 0, 0, 0, 0);
  await expect(framesOf([end, body])).rejects.toThrow("no frame behind the one that ends the stream");
});
