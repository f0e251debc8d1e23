import { fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { jsonOf } from "../../../transcoding/fixtures/arbitraries.ts";
import { type Base, type Codec, isGet, makeRequest, type Oddity, type Pick, type Protocol } from "./draft.ts";
import { headOddities, waitingOddity } from "./head-oddities.ts";
import { messageOddities } from "./message-oddities.ts";
import type { Sent } from "./send.ts";
import { sample, script, scriptedTypes } from "./service.ts";

/** A request with what is known about it. */
export type Case = {
  readonly id: string;
  readonly base: Base;
  /** What is odd about it: names of oddities. */
  readonly odd: ReadonlySet<string>;
  readonly sent: Sent;
};

const binaryValue = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("base64"));

const header = fc.oneof(
  fc.record({
    name: fc.constantFrom("x-note", "X-Other"),
    value: fc.constantFrom("a", "b", "a, b", "", "é", "a  b"),
  }),
  fc.record({ name: fc.constantFrom("x-data-bin", "x-more-bin"), value: binaryValue }),
  fc.constantFrom({ name: "set-cookie", value: "a=1" }, { name: "set-cookie", value: "b=2" }),
);

/** Metadata that an implementation may relay from a server that it called. */
const relayed = fc.constantFrom(
  { name: "content-type", value: "text/plain" },
  { name: "grpc-status", value: "3" },
  { name: "grpc-message", value: "relayed" },
  { name: "content-length", value: "3" },
  { name: "content-encoding", value: "gzip" },
  { name: "connect-protocol-version", value: "1" },
  { name: "trailer", value: "x" },
);

const headers = fc.array(header, { maxLength: 3 });

const failure = fc.record(
  {
    code: fc.nat({ max: 16 }),
    message: fc.constantFrom("", "no", "é 計 😀 %25 \n", "a".repeat(300), '"\\'),
    metadata: fc.array(fc.oneof({ weight: 8, arbitrary: header }, { weight: 1, arbitrary: relayed }), {
      maxLength: 3,
    }),
    details: fc.array(fc.record({ a: fc.integer() }), { maxLength: 2 }),
  },
  { requiredKeys: ["code", "message"] },
);

const scriptJson = fc.record(
  {
    sample: jsonOf(sample, 1),
    padding: fc.oneof(
      { weight: 15, arbitrary: fc.constantFrom(0, 10) },
      // Compressed, which takes most of the time of a call.
      { weight: 1, arbitrary: fc.constant(40_000) },
    ),
    responseHeaders: headers,
    responseTrailers: headers,
    failure,
    returnsAtOnce: fc.boolean(),
  },
  { requiredKeys: [] },
);
/** Most samples are without a failure: `fc.record` has each key half of the time. */
const message = fc
  .tuple(scriptJson, fc.nat({ max: 3 }))
  .map(([{ failure: failed, ...rest }, fails]) =>
    fails === 0 && failed !== undefined ? { ...rest, failure: failed } : rest,
  );

/** A GET of the others is rejected whatever it says. */
const procedureOf = (protocol: Protocol) =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: protocol === "Connect GET" ? fc.constant("Read") : fc.constantFrom("Run", "Read"),
    },
    { weight: 1, arbitrary: fc.constantFrom("Absent", "Run") },
  ) as fc.Arbitrary<Base["procedure"]>;

const base: fc.Arbitrary<Omit<Base, "message" | "headers">> = fc
  .constantFrom<Protocol[]>("Connect", "Connect GET", "gRPC", "gRPC-Web")
  .chain((protocol) =>
    fc.record({
      version: fc.constantFrom("HTTP/1.1", "HTTP/2"),
      protocol: fc.constant(protocol),
      codec: fc.constantFrom<Codec[]>("json", "proto"),
      procedure: procedureOf(protocol),
      encoding: fc.constantFrom(undefined, undefined, "gzip", "br"),
      base64: fc.boolean(),
    }),
  );

const oddity = fc.nat({ max: 1_000_000 });

/** Any request, mostly a valid one or one that is odd in one or two ways. */
const arbitraryCase = fc
  .tuple(base, message, fc.array(oddity, { maxLength: 2 }), fc.nat(), fc.nat({ max: 60 }))
  .map(([chosen, json, oddities, seed, waits]): Omit<Case, "id"> => {
    const made: Base = { ...chosen, message: serialize(json as JsonValue, chosen.codec), headers: [] };
    const odd = waits === 0 ? [waitingOddity] : chooseOddities(made, oddities);
    return {
      base: made,
      odd: new Set(odd.map(({ name }) => name)),
      sent: makeRequest(made, odd, pickBy(seed)),
    };
  });

function serialize(json: JsonValue, codec: Codec): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  return codec === "json"
    ? text
    : Buffer.from(toBinary(script, fromJson(script, json, { registry: scriptedTypes })));
}

function chooseOddities(made: Base, numbers: readonly number[]): Oddity[] {
  const groups = [...messageOddities, ...headOddities].map((group) =>
    group.filter((each) => each.appliesTo?.(made) ?? true),
  );
  const filled = groups.filter((group) => group.length > 0);
  const chosen = new Map(
    numbers.map((number) => {
      const group = filled[number % filled.length] as Oddity[];
      return [group, group[Math.floor(number / filled.length) % group.length] as Oddity];
    }),
  );
  return [...chosen.values()];
}

function pickBy(seed: number): Pick {
  let state = seed;
  return (values) => {
    const picked = values[state % values.length];
    state = Math.floor(state / values.length) + 1;
    return picked as (typeof values)[number];
  };
}

/** Returns as many requests. They are the same each time, unless a seed is given. */
export function generateCases(count: number, seed?: number): Case[] {
  return fc
    .sample(arbitraryCase, { numRuns: count, ...(seed !== undefined && { seed }) })
    .map((each, index) => ({ ...each, id: `case-${index}` }));
}

/** Describes a request in one line. */
export function describeCase({ id, base: made, odd, sent }: Case): string {
  const what = [...odd].join(" and ") || "nothing odd";
  const codec = isGet(made) ? `${made.codec}${made.base64 ? " base64" : ""}` : made.codec;
  return `${id}: ${sent.version} ${made.protocol} ${codec} ${made.procedure}${made.encoding ? ` ${made.encoding}` : ""}: ${what}`;
}
