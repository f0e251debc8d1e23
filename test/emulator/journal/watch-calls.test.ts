import { connect } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code as ConnectCode, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Code } from "#deps/google/rpc/code_pb.js";
import type {
  WatchCallsRequestSchema,
  WatchCallsResponse,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { planStatus } from "../../support/plan-statuses.ts";
import { testTime } from "../../support/test-clock.ts";
import { freshKey, parent, protocols } from "../../support/test-server.ts";

type Filter = MessageInitShape<typeof WatchCallsRequestSchema>;

async function startFrozen(
  options = {},
): Promise<{ emulator: TestEmulator; push: (key: string) => Promise<void> }> {
  const emulator = await startTestEmulator(options);
  emulator.state.clock.freezeAt(testTime);
  const client = emulator.client("rest", await emulator.token());
  return {
    emulator,
    async push(userKey) {
      await client.createPlanStatus({ parent, userKey, planStatus: planStatus() });
    },
  };
}

const keyOf = ({ value }: IteratorResult<WatchCallsResponse>) => (value as WatchCallsResponse).call?.userKey;

describe.each(protocols)("a watch over %s", (protocol) => {
  let emulator: TestEmulator;
  let push: (key: string) => Promise<void>;
  beforeAll(async () => {
    ({ emulator, push } = await startFrozen());
  });
  afterAll(async () => {
    expect(emulator.failures).toEqual([]);
    await emulator[Symbol.asyncDispose]();
  });

  /** Opens a watch. Calls that have ended are only a part of it with `afterCall`. */
  function watch(filter: Filter) {
    const hangUp = new AbortController();
    const answers = emulator.control(protocol).watchCalls(filter, { signal: hangUp.signal, timeoutMs: 0 });
    return { calls: answers[Symbol.asyncIterator](), hangUp: () => hangUp.abort() };
  }

  it("returns the calls that the journal holds after a call, then each one that ends", async () => {
    const [first, second, third] = [freshKey(), freshKey(), freshKey()];
    await push(first);
    const { calls: held } = await emulator.control("grpc").listCalls({ pageSize: 1 });
    await push(second);
    const { calls, hangUp } = watch({ afterCall: held[0]?.name ?? "" });
    expect(keyOf(await calls.next())).toBe(second);
    await push(third);
    expect(keyOf(await calls.next())).toBe(third);
    hangUp();
  });

  it("returns only calls that match", async () => {
    const key = freshKey();
    const { calls, hangUp } = watch({ afterCall: "calls/0", userKey: `${key}*`, code: Code.OK });
    const next = calls.next();
    await push(freshKey());
    await fetch(`${emulator.url}/v1/${parent}/planStatuses?userKey=${key}`, { method: "POST" });
    await push(`${key}-b`);
    expect(keyOf(await next)).toBe(`${key}-b`);
    hangUp();
  });

  it("resumes without gaps or duplicates after it was interrupted", async () => {
    const keys = Array.from({ length: 6 }, () => freshKey());
    const seen: (string | undefined)[] = [];
    let afterCall = (await emulator.control("grpc").listCalls({ pageSize: 1 })).calls[0]?.name ?? "calls/0";
    for (const [index, key] of keys.entries()) {
      await push(key);
      if (index % 2 === 1) {
        const { calls, hangUp } = watch({ afterCall });
        for (let count = 0; count < 2; count++) {
          const { value } = await calls.next();
          seen.push(value.call?.userKey);
          afterCall = value.call?.name ?? "";
          expect(value.missedCalls).toBe(0n);
        }
        hangUp();
      }
    }
    expect(seen).toEqual(keys);
  });

  it("goes on after ClearCalls, with the calls after it", async () => {
    const key = freshKey();
    const { calls, hangUp } = watch({ afterCall: "calls/0", userKey: `${key}*` });
    await push(`${key}-a`);
    expect(keyOf(await calls.next())).toBe(`${key}-a`);
    await emulator.control("grpc").clearCalls({});
    await push(`${key}-b`);
    expect(keyOf(await calls.next())).toBe(`${key}-b`);
    hangUp();
  });

  it.each<[Filter, string]>([
    [{ method: "Nothing" }, "method"],
    [{ operator: "operators/x" }, "operator"],
    [{ afterCall: "calls/x" }, "afterCall"],
    [{ afterCall: "3" }, "afterCall"],
    // The name of a call before a restart.
    [{ afterCall: "calls/999999999" }, "afterCall"],
  ])("of %j is rejected", async (filter, field) => {
    const error = await apiErrorOf(watch(filter).calls.next());
    expect(error).toMatchObject({ code: "InvalidArgument", fields: [field] });
  });
});

describe("watches of calls", () => {
  it("are a JSON array over plain HTTP", async () => {
    const { emulator, push } = await startFrozen();
    await using _ = emulator;
    await push("a");
    await push("b");
    const answer = await fetch(`${emulator.url}/emulator/v1/calls:watch?afterCall=calls/0&userKey=a`);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(Buffer.from(value ?? []).toString()).toMatch(/^\[\{"call":\{"name":"calls\/1"/);
    await reader.cancel();
  });

  it.each([
    ["application/json", "["],
    ["application/x-ndjson", ""],
  ])("begin as %s before the first call", async (accept, begin) => {
    const { emulator, push } = await startFrozen();
    await using _ = emulator;
    // Resolves with the header.
    const answer = await fetch(`${emulator.url}/emulator/v1/calls:watch`, { headers: { accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain(accept);
    await push("a");
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("userKey")) {
      text += Buffer.from((await reader.read()).value ?? []).toString();
    }
    expect(text.startsWith(`${begin}{"call":{"name":"calls/1"`)).toBe(true);
    await reader.cancel();
  });

  it("end their JSON array with the server", async () => {
    const { emulator, push } = await startFrozen();
    const answers = await Promise.all(
      ["", "?afterCall=calls/0"].map((query) => fetch(`${emulator.url}/emulator/v1/calls:watch${query}`)),
    );
    await push("a");
    await emulator[Symbol.asyncDispose]();
    const arrays = await Promise.all(answers.map((answer) => answer.json()));
    expect(arrays).toMatchObject([[{ call: { userKey: "a" } }], [{ call: { userKey: "a" } }]]);
  });

  it("end with the server", async () => {
    const { emulator, push } = await startFrozen();
    await push("a");
    const calls = emulator.control("grpc").watchCalls({ afterCall: "calls/0" })[Symbol.asyncIterator]();
    await calls.next();
    const end = calls.next();
    await emulator[Symbol.asyncDispose]();
    expect((await end).done).toBe(true);
  });

  it("are at most 64, and one that was left makes room", async () => {
    const { emulator, push } = await startFrozen();
    await using _ = emulator;
    await push("a");
    const control = emulator.control("grpc");
    const open = [];
    for (let count = 0; count < 64; count++) {
      const hangUp = new AbortController();
      const calls = control
        .watchCalls({ afterCall: "calls/0" }, { signal: hangUp.signal })
        [Symbol.asyncIterator]();
      await calls.next();
      open.push({ hangUp, end: calls.next() });
    }
    for (const protocol of protocols) {
      const error = await apiErrorOf(
        emulator.control(protocol).watchCalls({})[Symbol.asyncIterator]().next(),
      );
      expect(error).toMatchObject({ code: "ResourceExhausted", reason: "EMULATOR_LIMIT_REACHED" });
    }
    open[0]?.hangUp.abort();
    await open[0]?.end.catch(() => undefined);
    // The server learns of the end later than the client.
    let opened: unknown;
    while (opened === undefined) {
      const calls = control.watchCalls({ afterCall: "calls/0" })[Symbol.asyncIterator]();
      opened = await calls.next().then(keyOf, (error: unknown) => {
        expect(ConnectError.from(error).code).toBe(ConnectCode.ResourceExhausted);
      });
    }
    expect(opened).toBe("a");
    for (const { hangUp, end } of open) {
      hangUp.abort();
      await end.catch(() => undefined);
    }
  });

  it("count the calls that a reader missed because it was too slow", async () => {
    const { emulator, push } = await startFrozen({ journal: { maxCalls: 20 } });
    await using _ = emulator;
    const client = emulator.client("connect", await emulator.token());
    const plans = Array.from({ length: 60 }, (__, index) => ({
      planId: `p${index}`,
      planName: "x".repeat(900),
    }));
    const socket = connect(emulator.port, "127.0.0.1");
    let text = "";
    socket.write("GET /emulator/v1/calls:watch?afterCall=calls/0 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await push("first");
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        text += chunk.toString();
        if (text.includes('"first"')) {
          resolve();
        }
      });
    });
    socket.pause();
    // More than the buffers of both sockets and the journal hold.
    for (let count = 0; count < 400; count++) {
      await client.createPlanStatus({ parent, userKey: `u${count}`, planStatus: planStatus({ plans }) });
    }
    socket.resume();
    await push("last");
    await new Promise<void>((resolve) => {
      socket.on("data", () => {
        if (text.includes('"userKey":"last"')) {
          resolve();
        }
      });
    });
    socket.destroy();
    const missed = [...text.matchAll(/"missedCalls":"(\d+)"/g)].map(([, count]) => Number(count));
    const received = [...text.matchAll(/"call":\{"name":"calls\/(\d+)"/g)].map(([, number]) =>
      Number(number),
    );
    expect(missed.length).toBeGreaterThan(0);
    expect(received.length + missed.reduce((sum, count) => sum + count, 0)).toBe(402);
    expect(received).toEqual([...new Set(received)].toSorted((one, other) => one - other));
  });
});
