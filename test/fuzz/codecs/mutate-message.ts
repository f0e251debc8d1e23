import type { Random } from "../random.ts";
import type { OpenMessage } from "./random-message.ts";

/** Values that are wrong in most fields. */
const oddValues: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  1,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 53,
  2 ** 64,
  1e300,
  "",
  "0",
  "1",
  "-1",
  " 1 ",
  "abc",
  "true",
  "NaN",
  "\ud800",
  "a\udc00b".repeat(20),
  true,
  false,
  0n,
  1n,
  -1n,
  2n ** 63n,
  -(2n ** 63n) - 1n,
  2n ** 64n,
  [],
  [1],
  [undefined],
  new Array(2),
  {},
  { length: 0 },
  { case: undefined },
  { case: "unknown", value: 1 },
  { $typeName: "google.protobuf.Timestamp", seconds: 1n, nanos: 0 },
  { $typeName: "google.protobuf.Timestamp", seconds: 1, nanos: "5" },
  { $typeName: "google.protobuf.Timestamp", seconds: 253_402_300_800n, nanos: 0 },
  { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: -1 },
  { $typeName: "google.protobuf.Timestamp" },
  { $typeName: "google.protobuf.Duration", seconds: 1n, nanos: -1 },
  { $typeName: "google.protobuf.Duration", seconds: 0n, nanos: 1.5 },
  Object.create({ $typeName: "google.protobuf.Timestamp", seconds: 1n, nanos: 2 }),
  new Uint8Array(2),
  Buffer.from("ab"),
  new Date(0),
  new Set([1]),
  new Map([["a", 1]]),
  Object(1n),
  Object("text"),
  Symbol("symbol"),
  () => 1,
];

/** Makes a message wrong, in one to three places. */
export function mutateMessage(message: OpenMessage, random: Random): void {
  for (let rounds = 1 + random.below(3); rounds > 0; rounds--) {
    const holder = random.pick(holdersIn(message)) as Record<string, unknown>;
    const name = random.pick(
      [...Object.keys(holder), ...("$typeName" in holder ? ["$unknown"] : [])].concat("added"),
    );
    switch (random.below(6)) {
      case 0:
        delete holder[name];
        break;
      case 1:
        // A value of the prototype instead of the message.
        if (name in holder && Object.getPrototypeOf(holder) === Object.prototype) {
          const value = holder[name];
          delete holder[name];
          Object.setPrototypeOf(holder, { [name]: value });
        }
        break;
      case 2:
        if (name === "$unknown") {
          holder[name] = [
            { no: 1 + random.below(2000), wireType: random.below(6), data: new Uint8Array(random.below(3)) },
          ];
          break;
        }
        holder[name] = random.pick([String, Number, (value: unknown) => [value]])(String(holder[name]));
        break;
      default:
        holder[name] = oddValues[random.below(oddValues.length)];
    }
  }
}

/** Returns a message and the objects in it at all depths. */
function holdersIn(message: OpenMessage): object[] {
  const found: object[] = [];
  const open: unknown[] = [message];
  while (open.length > 0) {
    const next = open.pop();
    const isHolder = typeof next === "object" && next !== null && !(next instanceof Uint8Array);
    if (isHolder && !oddValues.includes(next) && !found.includes(next)) {
      found.push(next);
      open.push(...Object.values(next));
    }
  }
  return found;
}
