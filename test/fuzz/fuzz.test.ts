import { describe, expect, it } from "vitest";
import { librarySeeds } from "./corpus.ts";
import { parseResponses, problemOf } from "./exchange.ts";
import { fuzz } from "./fuzz.ts";
import { writeRequest } from "./mutate.ts";
import { createRandom } from "./random.ts";

it("mutated requests do not make a server fail, hang or send invalid answers", async () => {
  const { connections, statuses, findings } = await fuzz({ seed: 1, connectionsPerWorker: 20 });
  expect(findings.map(({ problem, bytes }) => [problem, bytes.toString("base64")])).toEqual([]);
  expect(connections).toBe(160);
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["200", "400", "404"]));
});

it("the same seed writes the same bytes", () => {
  const write = () => {
    const random = createRandom(7);
    return librarySeeds.map((seed) => writeRequest(seed, "Bearer x", random).toString("base64"));
  };
  expect(write()).toEqual(write());
});

it("a 504 is a problem unless the request has a deadline", () => {
  const response = { status: 504, head: "", body: "" };
  expect(problemOf(response)).toMatch(/^status 504/);
  expect(problemOf(response, true)).toBeUndefined();
});

describe("problems of responses", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  const answer = (status: number, body: string) =>
    `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const google = (code: number, details = '[{"@type":"type.googleapis.com/google.rpc.ErrorInfo"}]') =>
    answer(400, `{"error":{"code":${code},"message":"x","status":"INVALID_ARGUMENT","details":${details}}}`);

  it.each([
    ["a 500", answer(500, google(400)), /^status 500/],
    ["a 503", answer(503, ""), /^status 503/],
    ["plain text", answer(400, "Bad Request"), /not an error in Google/],
    ["JSON in another format", answer(404, '{"message":"x"}'), /not an error in Google/],
    ["the code of another status", google(404), /not an error in Google/],
    ["no ErrorInfo", google(400, "[]"), /not an error in Google/],
    ["bytes that are not a response", "HTTP/1.1 200 OK\r\nContent-", /^no response/],
  ])("%s after a valid response is a problem", (_, text, expected) => {
    const parsed = parseResponses(Buffer.from(ok + text));
    expect(parsed.problem ?? parsed.responses.map((each) => problemOf(each)).find(Boolean)).toMatch(expected);
  });

  it.each([
    ["a success", ok],
    ["an error in Google's format", google(400)],
    ["a 501", answer(501, google(400).split("\r\n\r\n")[1]?.replace("400", "501") ?? "")],
    ["a 505", answer(505, google(400).split("\r\n\r\n")[1]?.replace("400", "505") ?? "")],
    ["an error of the parser of node:http", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
    ["a response to HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\n"],
    ["a chunked response", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
  ])("%s is not a problem", (_, text) => {
    const { responses, problem } = parseResponses(Buffer.from(text + ok));
    expect([responses.length, problem, ...responses.map((each) => problemOf(each))]).toEqual([
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
