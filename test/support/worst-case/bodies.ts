import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CreateUserPlanStatusRequestSchema } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { fullMessage } from "../full-message.ts";

/** The default limit of a request body, in bytes. */
export const bodyLimit = 1024 * 1024;

/** What a request of CreateUserPlanStatus has besides the status. */
const names = { parent: "operators/65001", clientId: "mobiledataplan", userKey: "a/b+c==" };

/** Longest JSON of a status, so that the request around it is within the limit. */
const room = bodyLimit - JSON.stringify({ ...names, planStatus: "" }).length;

/** A status as a caller may send it: its JSON, and its binary fields. */
export type WorstBody = { readonly name: string; readonly json?: string; readonly binary?: Uint8Array };

/** Returns the JSON of a request of CreateUserPlanStatus, with the JSON of its status. */
export function requestJson(status: string): string {
  return `${JSON.stringify(names).slice(0, -1)},"planStatus":${status}}`;
}

/** Returns the binary form of the fields of a request besides the status. */
function namesBinary(): Uint8Array {
  return toBinary(CreateUserPlanStatusRequestSchema, create(CreateUserPlanStatusRequestSchema, names));
}

/** Returns the binary form of a request of CreateUserPlanStatus, with the binary form of its status. */
export function requestBinary(status: Uint8Array): Uint8Array {
  return Buffer.concat([namesBinary(), field(4, status)]);
}

/** The same for all statuses: each replaces the one before. */
const now = Date.now();

/** Returns a valid status of at most 256 modules, all of whose fields have their longest values. */
export function validStatus(modules: number, character = "x"): PlanStatus {
  const status = fullMessage(PlanStatusSchema, character);
  status.updateTime = timestampFromMs(now - 60_000);
  status.expireTime = timestampFromMs(now + 24 * 3_600_000);
  let left = modules;
  for (const plan of status.plans) {
    plan.planModules.length = Math.min(16, left);
    left -= plan.planModules.length;
  }
  status.plans = status.plans.filter(({ planModules }) => planModules.length > 0);
  return status;
}

/** The largest valid status, whose texts are escaped as far as the limit allows, as many libraries do. */
export function largestJson(): string {
  const text = toJsonString(PlanStatusSchema, validStatus(256, "é"));
  let left = room - Buffer.byteLength(text);
  return text.replace(/[^\x20-\x7e]/g, (character) => {
    left -= 4;
    return left < 0 ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The largest valid status, filled up to the limit with the name, which is output-only and ignored. */
export function largestBinary(): Uint8Array {
  const status = validStatus(256);
  const rest = bodyLimit - 100 - toBinary(PlanStatusSchema, status).length;
  return toBinary(PlanStatusSchema, { ...status, name: "x".repeat(rest) });
}

/** Returns JSON of as many items as fit between a beginning and an end. */
function filled(begin: string, item: string, end: string, separator = ","): string {
  const count = Math.floor((room - begin.length - end.length) / (item.length + separator.length));
  return `${begin}${`${item}${separator}`.repeat(count - 1)}${item}${end}`;
}

/** Returns JSON of different items. */
function counted(begin: string, item: (index: number) => string, end: string): string {
  const items: string[] = [];
  for (let length = begin.length + end.length, index = 0; ; index++) {
    const next = item(index);
    length += next.length + 1;
    if (length > room) {
      return `${begin}${items.join(",")}${end}`;
    }
    items.push(next);
  }
}

/** Returns arrays or objects inside each other, as deep as fits. */
function nested(begin: string, open: string, close: string, end: string): string {
  const levels = Math.floor((room - begin.length - end.length) / (open.length + close.length));
  return `${begin}${open.repeat(levels)}${close.repeat(levels)}${end}`;
}

/** Returns JSON of 128 plans of 128 modules, or of as many plans as fit. */
function modules(module: string, planFields = ""): string {
  const plan = `{${planFields}"planModules":[${Array(128).fill(module).join()}]}`;
  return `{"plans":[${Array(Math.min(128, Math.floor(room / (plan.length + 1)) - 1))
    .fill(plan)
    .join()}]}`;
}

const invalidModule = JSON.stringify({
  coarseBalanceLevel: 77,
  trafficCategories: Array(128).fill(99),
  overUsagePolicy: 77,
  maxRateKbps: "-1",
  usedBytes: "-1",
  planModuleState: 0,
  refreshPeriod: 77,
  byteBalance: { quotaBytes: "-1", remainingBytes: "-1" },
});

const validModule = '{"moduleName":"m","description":"d","coarseBalanceLevel":1}';

/** The worst statuses that are known, as JSON. */
export function worstJson(): WorstBody[] {
  const json = (name: string, text: string): WorstBody => ({ name, json: text });
  return [
    json("empty modules", filled('{"plans":[{"planModules":[', "{}", "]}]}")),
    json("empty plans", filled('{"plans":[', "{}", "]}")),
    json("one-character strings as plans", filled('{"plans":[', '"a"', "]}")),
    json(
      "numbers as traffic categories",
      filled('{"plans":[{"planModules":[{"trafficCategories":[', "1", "]}]}]}"),
    ),
    json(
      "names as traffic categories",
      filled('{"plans":[{"planModules":[{"trafficCategories":[', '"GENERIC"', "]}]}]}"),
    ),
    json("16,384 empty modules", modules("{}")),
    json("plans of 128 modules that break every rule", modules(invalidModule)),
    json(
      "16,384 valid modules, and a plan that is invalid",
      modules(validModule, '"planId":"p",').replace('"planId":"p",', ""),
    ),
    json("plans of 128 invalid timestamps", modules('{"expirationTime":"2026-02-30T00:00:00Z"}')),
    json("values of a Struct", filled('{"planInfoPerClient":{"androidSystemInfo":{"a":[', "0", "]}}}")),
    json(
      "empty objects in a Struct",
      filled('{"planInfoPerClient":{"androidSystemInfo":{"a":[', "{}", "]}}}"),
    ),
    json(
      "keys of a Struct",
      counted('{"planInfoPerClient":{"androidSystemInfo":{', (index) => `"${index}":0`, "}}}"),
    ),
    json(
      "arrays inside each other in a Struct",
      nested('{"planInfoPerClient":{"androidSystemInfo":{"a":', "[", "]", "}}}"),
    ),
    json("notifications as numbers", filled('{"notifications":[', "1", "]}")),
    json("notifications as names", filled('{"notifications":[', '"NOTIFICATION_UNDEFINED"', "]}")),
    json("notifications that do not exist", filled('{"notifications":[', '""', "]}")),
    json("notifications as fractions", filled('{"notifications":[', "1e0", "]}")),
    json(
      "different unknown fields",
      counted("{", (index) => `"${(index + 46_656).toString(36)}":0`, "}"),
    ),
    json(
      "numbers as unknown fields",
      counted("{", (index) => `"${index * 4_093}":0`, "}"),
    ),
    json(
      "unknown fields of known messages",
      counted('{"accountInfo":{', (index) => `"${index}":{}`, "}}"),
    ),
    json("an unknown field with empty objects", filled('{"x":[', "{}", "]}")),
    json("an unknown field with empty arrays", filled('{"x":[', "[]", "]}")),
    json(
      "an unknown field with different objects",
      counted('{"x":[', (index) => `{"${index}":0}`, "]}"),
    ),
    json("arrays inside each other", nested('{"x":', "[", "]", "}")),
    json("objects inside each other", nested('{"x":', '{"a":', "}", "}").replace("{}", '{"a":0}')),
    json("arrays inside each other as plans", nested('{"plans":', "[", "]", "}")),
    json("duplicate keys", filled("{", '"title":""', "}")),
    json("duplicate unknown keys", filled("{", '"x":0', "}")),
    json("duplicate keys in an ignored field", filled('{"title":"', '\\":', '","title":""}', "")),
    json("a number of a million digits", `{"plans":${"1".repeat(room - 12)}}`),
    json(
      "a number of a million digits as text",
      `{"accountInfo":{"accountBalance":{"units":"${"1".repeat(room - 50)}"}}}`,
    ),
    json("a number with a million decimals", `{"plans":0.${"1".repeat(room - 14)}}`),
    json("a large exponent", filled('{"notifications":[', "1e999999", "]}")),
    json("long numbers", filled('{"notifications":[', "1".repeat(400), "]}")),
    json("a language code of a million parts", filled('{"languageCode":"a', "-a", '"}', "")),
    json("escaped letters", filled('{"title":"', "\\u0061", '"}', "")),
    json("escaped quotes and colons", filled('{"title":"', '\\":', '"}', "")),
    json("unpaired surrogates", filled('{"title":"', "\\ud800", '"}', "")),
    json("backslashes", filled('{"title":"', "\\\\", '"}', "")),
    json("a key of a million characters", `{"${"k".repeat(room - 10)}":0}`),
    json("blanks", "{}".padStart(room)),
    json("text that is not JSON", "x".repeat(room)),
    json("JSON without its end", filled('{"plans":[', "{}", "")),
  ];
}

/** The longest form of a number: -1 in ten bytes. */
const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

/** Returns a field with a length, which may occur in a list. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

/** Bytes repeated as often as they fit into a status. */
function repeated(bytes: Uint8Array | readonly number[], size = bodyLimit - 128): Uint8Array {
  return Buffer.alloc(Math.floor(size / bytes.length) * bytes.length, Uint8Array.from(bytes));
}

/** Returns google.protobuf.ListValue messages inside each other. */
function nestedLists(levels: number): Uint8Array {
  let list: Uint8Array = new Uint8Array();
  for (let level = 0; level < levels; level++) {
    list = field(1, field(6, list));
  }
  return list;
}

/** Returns a plan with a number of modules. */
function planOf(module: Uint8Array, count = 128): Uint8Array {
  const planId = Uint8Array.of(0x12, 1, 0x70);
  return field(2, Buffer.concat([planId, repeated(field(5, module), count * field(5, module).length)]));
}

/** Returns 128 plans of 128 modules, or as many plans as fit. */
function plansOf(module: Uint8Array): Uint8Array {
  const plan = planOf(module);
  return repeated(plan, Math.min(128 * plan.length, bodyLimit - 128));
}

/** The worst statuses that are known, in binary. */
export function worstBinary(): WorstBody[] {
  const binary = (name: string, bytes: Uint8Array): WorstBody => ({ name, binary: bytes });
  const inPlan = (bytes: Uint8Array) => field(2, bytes);
  const inModule = (bytes: Uint8Array) => inPlan(field(5, bytes));
  const inStruct = (list: Uint8Array) => field(11, field(2, field(1, field(2, field(6, list)))));
  const packed = (bytes: readonly number[]) => field(10, repeated(bytes, bodyLimit - 200));
  const broken = Uint8Array.from([
    ...[0x08, 77, 0x20, 77, 0x28, ...minusOne, 0x40, ...minusOne, 0x48, 0, 0x50, 77],
    ...field(2, Buffer.alloc(128, 99)),
    ...field(11, Uint8Array.of(0x08, ...minusOne, 0x10, ...minusOne)),
  ]);
  const valid = Uint8Array.of(0x08, 1, 0x32, 1, 0x64, 0x3a, 1, 0x6d);
  const invalidTime = field(3, Uint8Array.of(0x10, ...minusOne));
  return [
    binary("empty modules", inPlan(repeated([0x2a, 0], bodyLimit - 200))),
    binary("empty plans", repeated([0x12, 0])),
    binary("traffic categories, packed", inModule(field(2, repeated([1], bodyLimit - 300)))),
    binary("traffic categories, not packed", inModule(repeated([0x10, 1], bodyLimit - 300))),
    binary("16,384 empty modules", plansOf(new Uint8Array())),
    binary("plans of 128 modules that break every rule", plansOf(broken)),
    binary("16,384 valid modules in an invalid status", plansOf(valid)),
    binary("16,384 valid modules with invalid timestamps", plansOf(Buffer.concat([valid, invalidTime]))),
    binary(
      "modules that break one rule before modules that break many",
      Buffer.concat([planOf(Buffer.concat([valid, Uint8Array.of(0x28, ...minusOne)]), 90), planOf(broken)]),
    ),
    binary("plans of 128 invalid timestamps", plansOf(invalidTime)),
    binary("values of a Struct", inStruct(repeated([0x0a, 0], bodyLimit - 300))),
    binary("entries of a Struct", field(11, field(2, repeated([0x0a, 0], bodyLimit - 200)))),
    binary(
      "one entry of a Struct again and again",
      field(11, field(2, repeated([0x0a, 4, 0x12, 2, 0x22, 0], bodyLimit - 200))),
    ),
    binary("lists inside each other in a Struct", inStruct(nestedLists(2_000))),
    binary("notifications, packed", packed([1])),
    binary("notifications, packed, of ten bytes", packed(minusOne)),
    binary("notifications, not packed", repeated([0x50, 1])),
    binary("notifications that do not end", packed([0xff])),
    binary("unknown numbers", repeated([0x78, 0])),
    binary("unknown texts", repeated([0x7a, 0])),
    binary("unknown numbers in accountInfo", field(8, repeated([0x78, 0], bodyLimit - 200))),
    binary("empty unknown groups", repeated([0x7b, 0x7c])),
    binary("unknown groups inside each other", repeated([0x7b])),
    binary(
      "an unknown group of numbers",
      Buffer.concat([Uint8Array.of(0x7b), repeated([0x08, 0]), Uint8Array.of(0x7c)]),
    ),
    binary("an account that occurs again and again", repeated([0x42, 0])),
    binary("a time that occurs again and again", repeated([0x22, 0])),
    binary("a money that occurs again and again", field(8, repeated([0x0a, 0], bodyLimit - 200))),
    binary("a title that occurs again and again", repeated([0x32, 1, 0x61])),
    binary("empty titles", repeated([0x32, 0])),
    binary("a title that is not UTF-8", field(6, Buffer.alloc(bodyLimit - 200, 0xff))),
    binary("titles of 40 bytes", repeated(field(6, Buffer.alloc(40, 0x61)))),
    binary("titles of accents", repeated(field(6, Buffer.from("é")))),
    binary("a language code of a million parts", field(3, Buffer.from("a".padEnd(bodyLimit - 201, "-a")))),
    binary("zeros", Buffer.alloc(bodyLimit - 128)),
  ];
}
