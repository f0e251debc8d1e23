import { describe, expect, it } from "vitest";
import { librarySeeds } from "./corpus.ts";
import { faultOf, parseResponses } from "./exchange.ts";
import { fuzz } from "./fuzz.ts";
import { writeRequest } from "./mutate.ts";
import { createRandom } from "./random.ts";

it("no bytes make a server fail, hang or answer out of form", async () => {
  const { connections, statuses, findings } = await fuzz({ seed: 1, budgetMs: 2_000 });
  expect(findings.map(({ fault, bytes }) => [fault, bytes.toString("base64")])).toEqual([]);
  expect(connections).toBeGreaterThan(50);
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["200", "400", "404"]));
});

it("the same seed sends the same bytes", () => {
  const write = () => {
    const random = createRandom(7);
    return librarySeeds.map((seed) => writeRequest(seed, "Bearer x", random).toString("base64"));
  };
  expect(write()).toEqual(write());
});

it("a 504 counts unless the request has a deadline", () => {
  const response = { status: 504, head: "", body: "" };
  expect(faultOf(response)).toMatch(/^status 504/);
  expect(faultOf(response, true)).toBeUndefined();
});

describe("what counts as a finding", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  const answer = (status: number, body: string) =>
    `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const google = (code: number, details = '[{"@type":"type.googleapis.com/google.rpc.ErrorInfo"}]') =>
    answer(400, `{"error":{"code":${code},"message":"x","status":"INVALID_ARGUMENT","details":${details}}}`);

  it.each([
    ["a 500", answer(500, google(400)), /^status 500/],
    ["a 503", answer(503, ""), /^status 503/],
    ["plain text", answer(400, "Bad Request"), /no error of Google/],
    ["another JSON", answer(404, '{"message":"x"}'), /no error of Google/],
    ["another code", google(404), /no error of Google/],
    ["no ErrorInfo", google(400, "[]"), /no error of Google/],
    ["bytes that are no response", "HTTP/1.1 200 OK\r\nContent-", /^no response/],
  ])("%s after a right answer", (_, text, fault) => {
    const parsed = parseResponses(Buffer.from(ok + text));
    expect(parsed.fault ?? parsed.responses.map((each) => faultOf(each)).find(Boolean)).toMatch(fault);
  });

  it.each([
    ["a success", ok],
    ["an error of Google's form", google(400)],
    ["a 501", answer(501, google(400).split("\r\n\r\n")[1]?.replace("400", "501") ?? "")],
    ["a refusal of the parser of node:http", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
    ["an answer to HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\n"],
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
  ])("not %s", (_, text) => {
    const { responses, fault } = parseResponses(Buffer.from(text + ok));
    expect([responses.length, fault, ...responses.map((each) => faultOf(each))]).toEqual([
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
