import { gzipSync } from "node:zlib";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { RawCall } from "../http/raw-call.ts";
import { testTime } from "../test-clock.ts";

/** A request over REST, except for what a case changes. */
export type RestRequest = {
  readonly verb?: string;
  /** Path and query, as they are sent. */
  readonly path?: string;
  /** The header `Authorization`; null for none. */
  readonly authorization?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Defaults to a valid status. */
  readonly body?: string | Uint8Array;
};

/** What the cases need of the server that they are sent to. */
export type Target = {
  readonly url: string;
  /** A token for operator 65001. */
  readonly token: string;
  /** The same, but expired at the time of the server. */
  readonly expiredToken: string;
  /** A token that may only read. */
  readonly readToken: string;
};

/** A wrong request. */
export type WrongRequest = {
  /** What is wrong, as the page says it. */
  readonly what: string;
  readonly request: (target: Target) => RestRequest;
  /** The status, as it is written, if the mistake is in it: the error is the same over Connect. */
  readonly status?: string;
};

export const parent = "operators/65001";
export const userKey = "491701234567";
export const user = `/v1/${parent}/clients/mobiledataplan/users/${userKey}/planStatus`;

const minute = 60_000;
const at = (ms: number) => new Date(testTime + ms).toISOString().replace(".000", "");

const base = { languageCode: "de-DE", updateTime: at(-minute), expireTime: at(60 * minute) };

const module = { moduleName: "Data", description: "2 GB", byteBalance: { quotaBytes: "2147483648" } };

/** Returns the text of a valid status with changes. Members that are undefined are left out. */
function status(changes: object = {}): string {
  return JSON.stringify({ ...base, ...changes });
}

const withModule = (changes: object) =>
  status({ plans: [{ planId: "acme-199", planModules: [{ ...module, ...changes }] }] });

/** A status with a text in place of the number of the field `usedBytes`. */
const withNumber = (text: string) => withModule({ usedBytes: 7 }).replace(":7}", `:${text}}`);

export const validStatus = status();

function value(what: string, text: string): WrongRequest {
  return { what, request: () => ({ body: text }), status: text };
}

/** A status that is newer than the valid one. */
export const newerStatus = status({ updateTime: at(-minute / 2) });

/** A status that notifies, current by the clock of this machine. */
export function notifyingStatus(): string {
  const now = Date.now();
  return status({
    updateTime: new Date(now).toISOString(),
    expireTime: new Date(now + minute).toISOString(),
    plans: [{ planId: "acme-199", planModules: [{ ...module, coarseBalanceLevel: "OUT_OF_DATA" }] }],
  });
}

/** Mistakes in requests over REST, by the headings of the page. */
export const wrongRequests: Readonly<Record<string, readonly WrongRequest[]>> = {
  "The URL": [
    { what: "`/v1` is missing", request: () => ({ path: user.slice(3) }) },
    { what: "`planStatuses` in place of `planStatus`", request: () => ({ path: `${user}es` }) },
    { what: "`PUT` in place of `POST`", request: () => ({ verb: "PUT" }) },
    { what: "the operator is `AS65001`", request: () => ({ path: user.replace("65001", "AS65001") }) },
    { what: "the client is `youTube`", request: () => ({ path: user.replace("mobiledataplan", "youTube") }) },
    { what: "a `/` in the user key is not encoded", request: () => ({ path: user.replace("4917", "a/b") }) },
    { what: "a space in the user key", request: () => ({ path: user.replace("4917", "49%2017") }) },
    {
      what: "a `+` in the user key of a query is not encoded",
      request: () => ({ path: `/v1/${parent}/planStatuses?userKey=+491701234567` }),
    },
    { what: "`%2` ends the user key", request: () => ({ path: user.replace("4567", "%2") }) },
    { what: "the user key is missing", request: () => ({ path: `/v1/${parent}/planStatuses` }) },
    {
      what: "a parameter of the query is misspelt",
      request: () => ({ path: `/v1/${parent}/planStatuses?userkey=491701234567` }),
    },
  ],
  "The token": [
    { what: "no token", request: () => ({ authorization: null }) },
    { what: "the word `Bearer` is missing", request: ({ token }) => ({ authorization: token }) },
    {
      what: "the token has expired",
      request: ({ expiredToken }) => ({ authorization: `Bearer ${expiredToken}` }),
    },
    { what: "a token of somebody else", request: () => ({ authorization: "Bearer ya29.a0AfB_byC" }) },
    {
      what: "the token may only read",
      request: ({ readToken }) => ({ authorization: `Bearer ${readToken}` }),
    },
    {
      what: "an operator that the account is not linked to",
      request: () => ({ path: user.replace("65001", "65002") }),
    },
    {
      what: "the token is in the query",
      request: ({ token }) => ({ path: `${user}?access_token=${token}`, authorization: null }),
    },
  ],
  "The body as a whole": [
    {
      what: "a form, as `curl -d` sends it without `-H`",
      request: () => ({ headers: { "content-type": "application/x-www-form-urlencoded" } }),
    },
    { what: "`Accept: text/html`", request: () => ({ headers: { accept: "text/html" } }) },
    { what: "no body", request: () => ({ body: "" }) },
    { what: "not JSON", request: () => ({ body: "languageCode=de-DE" }) },
    { what: "JSON that is cut off", request: () => ({ body: validStatus.slice(0, -20) }) },
    { what: "UTF-16", request: () => ({ body: Buffer.from(`\ufeff${validStatus}`, "utf16le") }) },
    { what: "an array", request: () => ({ body: `[${validStatus}]` }) },
    {
      what: "the request of RPC, whose status is in `planStatus`",
      request: () => ({ body: `{"planStatus":${validStatus}}` }),
    },
    { what: "the user key is in the body", request: () => ({ body: status({ userKey }) }) },
    { what: "larger than 1 MiB", request: () => ({ body: status({ title: "x".repeat(1024 * 1024) }) }) },
    {
      what: "gzip that is damaged",
      request: () => ({
        headers: { "content-encoding": "gzip" },
        body: gzipSync(validStatus).subarray(0, -12),
      }),
    },
    { what: "an encoding that is not known", request: () => ({ headers: { "content-encoding": "zstd" } }) },
  ],
  "Fields and values": [
    value("a required field is missing", status({ languageCode: undefined })),
    value("a field is set twice", validStatus.replace("{", '{"languageCode":"en",')),
    value("a field is misspelt", status({ languagecode: "de-DE" })),
    value("the value of an enum is misspelt", withModule({ coarseBalanceLevel: "LOW_QOUTA" })),
    value("an integer that is larger than 64 bits", withNumber("9223372036854775808")),
    value("an integer with a fraction", withNumber("1.5")),
    value("an integer with separators", withNumber('"2,147,483,648"')),
    value("a negative quantity", withNumber('"-1"')),
    value(
      "an amount of money in one number",
      status({
        accountInfo: {
          accountBalance: 12.5,
          accountBalanceStatus: "VALID",
          validUntil: at(60 * minute),
        },
      }),
    ),
    value(
      "a currency that is a symbol",
      status({
        accountInfo: {
          accountBalance: { currencyCode: "€", units: "5" },
          accountBalanceStatus: "VALID",
          validUntil: at(60 * minute),
        },
      }),
    ),
    value("a time without a time zone", status({ updateTime: at(-minute).slice(0, -1) })),
    value("a time with a space in place of `T`", status({ updateTime: at(-minute).replace("T", " ") })),
    value("a day", status({ updateTime: at(-minute).slice(0, 10) })),
    value("seconds since 1970", status({ updateTime: (testTime - minute) / 1000 })),
    value("`expireTime` in the past", status({ expireTime: at(-minute) })),
    value("`updateTime` in the future", status({ updateTime: at(10 * minute) })),
    value("`updateTime` too old", status({ updateTime: at(-31 * 24 * 60 * minute) })),
    value(
      "too many modules",
      status({ plans: [{ planId: "acme-199", planModules: Array(129).fill(module) }] }),
    ),
    value("two balances in one module", withModule({ timeBalance: { quotaMinutes: "5" } })),
    value("a low balance without what is left", withModule({ coarseBalanceLevel: "LOW_QUOTA" })),
  ],
};

/** A call of RPC with a mistake that only RPC has, or whose error is another one there. */
export type RpcMistake = { readonly what: string; readonly call: (target: Target) => RawCall };

const service = PlanStatusService.typeName;
const method = `${service}/${PlanStatusService.method.createUserPlanStatus.name}`;

function rpc(
  protocol: RawCall["protocol"],
  what: string,
  changes: (target: Target) => Partial<RawCall>,
): RpcMistake {
  const body = `{"parent":"${parent}","clientId":"mobiledataplan","userKey":"${userKey}","planStatus":${validStatus}}`;
  return {
    what: `${protocol === "grpc" ? "gRPC" : "Connect"}: ${what}`,
    call: ({ url, token, ...target }) => ({
      url,
      token,
      protocol,
      format: "json",
      method,
      body,
      ...changes({ url, token, ...target }),
    }),
  };
}

export const rpcMistakes: readonly RpcMistake[] = [
  rpc("connect", "the method is misspelt", () => ({ method: `${service}/createUserPlanStatus` })),
  rpc("grpc", "the method is misspelt", () => ({ method: `${service}/createUserPlanStatus` })),
  rpc("connect", "a body of another type", () => ({ headers: { "content-type": "text/plain" } })),
  rpc("grpc", "a space follows the token", ({ token }) => ({
    headers: { authorization: `Bearer ${token} ` },
  })),
  rpc("connect", "no body", () => ({ body: "" })),
  rpc("connect", "the status in place of the request", () => ({ body: validStatus })),
  rpc("connect", "no Protobuf", () => ({ format: "binary", body: "languageCode=de-DE" })),
  rpc("grpc", "no Protobuf", () => ({ format: "binary", body: "languageCode=de-DE" })),
  rpc("grpc", "a message without its frame", () => ({ unframed: true })),
  rpc("grpc", "larger than 1 MiB", () => ({ body: " ".repeat(1024 * 1024 + 1) })),
];
