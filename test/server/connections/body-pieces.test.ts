import { describe, expect, it } from "vitest";
import { maxPieces } from "../../../src/server/connections/messages.ts";
import {
  encodeFrame,
  encodeRequest,
  frameFlags,
  frameTypes,
  openFrameClient,
  resetCode,
} from "../../support/http/http2-frames.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

const enhanceYourCalm = 11;

/** Answers with the size of the body, or at once and without reading it if the path says so. */
const answerSize = {
  onRequest(request, response) {
    if (request.url === "/early") {
      response.statusCode = 401;
      response.end("refused");
      return;
    }
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => response.end(`${bytes} bytes`));
  },
} satisfies Parameters<typeof startTestListener>[1];

function chunks(count: number, bytes: number): string {
  return `${bytes.toString(16)}\r\n${"a".repeat(bytes)}\r\n`.repeat(count);
}

function dataFrames(count: number, bytes: number): Buffer {
  const frame = encodeFrame({ type: frameTypes.data, stream: 1, payload: Buffer.alloc(bytes) });
  return Buffer.concat(new Array(count).fill(frame));
}

const post = `POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n`;
const header = {
  type: frameTypes.headers,
  flags: frameFlags.endHeaders,
  stream: 1,
  payload: encodeRequest(),
};

describe("a body in many pieces", () => {
  it.each([
    [maxPieces, 1],
    [maxPieces + 100, 64],
  ])("is read over HTTP/1.1 if it has %i chunks of %i bytes", async (count, bytes) => {
    await using listener = await startTestListener({}, answerSize);
    const socket = await openSocket(listener.port);
    socket.write(`${post}${chunks(count, bytes)}0\r\n\r\n`);
    expect(await socket.received(/ bytes$/)).toContain(`${count * bytes} bytes`);
    expect(listener.rejected).toEqual([]);
    socket.destroy();
  });

  it("gets 400 over HTTP/1.1 when it has too many small chunks, and its connection ends", async () => {
    await using listener = await startTestListener({}, answerSize);
    const socket = await openSocket(listener.port);
    socket.write(`${post}${chunks(3 * maxPieces, 1)}`);
    expect(await socket.closed()).toMatch(/^HTTP\/1\.1 400 /);
    expect(listener.rejected).toEqual(["body_pieces"]);
  });

  it("ends its connection over HTTP/1.1 when it has been answered early and goes on in small chunks", async () => {
    await using listener = await startTestListener({}, answerSize);
    const socket = await openSocket(listener.port);
    socket.write(post.replace("/", "/early"));
    await socket.received(/refused$/);
    socket.write(chunks(3 * maxPieces, 1));
    expect((await socket.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 401"]);
    expect(listener.rejected).toEqual(["body_pieces"]);
  });

  it("is reset over HTTP/2 when it has been answered early and goes on in small DATA frames", async () => {
    await using listener = await startTestListener({}, answerSize);
    using client = await openFrameClient(listener.port);
    client.send({ ...header, payload: encodeRequest({ ":path": "/early" }) });
    await client.received(({ payload }) => payload.toString() === "refused");
    client.send(dataFrames(2 * maxPieces, 1));
    await client.received(({ type }) => type === frameTypes.rstStream);
    expect(listener.rejected).toEqual(["body_pieces"]);
  });

  it("is read over HTTP/2 if it has the most DATA frames", async () => {
    await using listener = await startTestListener({}, answerSize);
    using client = await openFrameClient(listener.port);
    client.send(header, dataFrames(maxPieces, 1), {
      type: frameTypes.data,
      flags: frameFlags.endStream,
      stream: 1,
    });
    const answer = await client.received(({ type }) => type === frameTypes.data);
    expect(answer.payload.toString()).toBe(`${maxPieces} bytes`);
    expect(listener.rejected).toEqual([]);
  });

  it("is reset over HTTP/2 when it has too many small DATA frames, and other streams go on", async () => {
    await using listener = await startTestListener({}, answerSize);
    using client = await openFrameClient(listener.port);
    client.send(header, dataFrames(2 * maxPieces, 1));
    await client.received(({ type }) => type === frameTypes.rstStream);
    expect(resetCode(client.frames(), 1)).toBe(enhanceYourCalm);
    client.send({ ...header, stream: 3, flags: frameFlags.endHeaders | frameFlags.endStream });
    const answer = await client.received(({ type, stream }) => type === frameTypes.data && stream === 3);
    expect(answer.payload.toString()).toBe("0 bytes");
    expect(listener.rejected).toEqual(["body_pieces"]);
  });
});
