import {
  type Call,
  Call_Protocol as Protocol,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { asnText } from "../../emulator/resource-names.ts";
import { parseJson } from "../../ui/json/parse-json.ts";
import { type Draft, isPushMethod, pushedFields, restBodyField } from "../../ui/push-draft.ts";
import { shortMethod } from "../feed/call-row.ts";

/** A violation, with the path of its field in what is shown. */
export type Mark = { readonly path: string; readonly description: string };

/** The request of a call, for people to read. */
export type ShownRequest = {
  /** Undefined if nothing of a body is known. */
  readonly body: ShownBody | undefined;
  /** Violations of the body. */
  readonly marks: readonly Mark[];
  /** Violations of parameters in the path or query of a REST request. */
  readonly parameterMarks: readonly Mark[];
  /** The body on the wire, if it is not what is shown. */
  readonly raw: RawBody | undefined;
};

/** The body of a request, as far as it is known. */
export type ShownBody = {
  readonly text: string;
  /** `sent`: as it came; `message`: the request message as JSON, because the body was binary or compressed. */
  readonly kind: "sent" | "message";
  /** Whether the end of the body is missing. */
  readonly isCut: boolean;
};

/** A body on the wire: text, or bytes that are not text. */
export type RawBody = { readonly text: string } | { readonly bytes: Uint8Array };

/** Fields of requests that are in the path or the query over REST, for all methods. */
const restParameters = new Set(["parent", "clientId", "client_id", "userKey", "user_key", "name"]);

/** Returns what a call asked for, and where it broke rules. */
export function shownRequest(call: Call): ShownRequest {
  const body = bodyOf(call);
  const parameters = parametersOf(call, body);
  const marks: Mark[] = [];
  const parameterMarks: Mark[] = [];
  for (const { field, description } of call.violations) {
    const [first = ""] = /^[^.[]+/.exec(field) ?? [];
    if (parameters.has(first)) {
      parameterMarks.push({ path: field, description });
    } else {
      marks.push(
        field === "body"
          ? { path: "", description: description + placeOfError(call, body) }
          : { path: field, description },
      );
    }
  }
  return { body, marks, parameterMarks, raw: rawOf(call, body) };
}

/** Returns where a body stops being JSON, as the end of a description: ` (line 2, column 11)`. Empty if it is none, or valid. */
function placeOfError({ protocol }: Call, body: ShownBody | undefined): string {
  // Those of gRPC-Web that are text are base64.
  const isJson = protocol === Protocol.REST || protocol === Protocol.CONNECT;
  const at = isJson && body ? parseJson(body.text).errorAt : undefined;
  if (body === undefined || at === undefined) {
    return "";
  }
  const before = body.text.slice(0, at).split("\n");
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

function bodyOf(call: Call): ShownBody | undefined {
  const { body, requestJson } = call;
  const isCut = isBodyCut(call);
  if (body.case === "bodyText" && !isCut && isContainer(body.value)) {
    return { text: body.value, kind: "sent", isCut };
  }
  if (requestJson !== "") {
    return { text: restPart(call), kind: "message", isCut: false };
  }
  return body.case === "bodyText" ? { text: body.value, kind: "sent", isCut } : undefined;
}

function isBodyCut({ body, bodySize }: Call): boolean {
  switch (body.case) {
    case "bodyText":
      return new TextEncoder().encode(body.value).length < bodySize;
    case "bodyBytes":
      return body.value.length < bodySize;
    default:
      return false;
  }
}

/** Whether a text is an object or array of JSON. */
function isContainer(text: string): boolean {
  const { root, errorAt } = parseJson(text);
  return errorAt === undefined && (root?.kind === "object" || root?.kind === "array");
}

/** Returns the part of the request message that is the body. */
function restPart({ protocol, method, requestJson }: Call): string {
  const member = protocol === Protocol.REST ? restBodyField(shortMethod(method)) : undefined;
  return member === undefined ? requestJson : (memberText(requestJson, member) ?? requestJson);
}

/** Returns the text of a member of a JSON object, as it is written there. */
export function memberText(json: string, name: string): string | undefined {
  const { root } = parseJson(json);
  const member = root?.children.find(
    ({ keyStart, keyEnd }) => json.slice(keyStart, keyEnd) === JSON.stringify(name),
  );
  return member && json.slice(member.start, member.end);
}

/** Returns the names of violations that are not in the body: of parameters in the path and the query. */
function parametersOf(
  { protocol, target, httpMethod }: Call,
  body: ShownBody | undefined,
): ReadonlySet<string> {
  if (protocol !== Protocol.REST) {
    return new Set();
  }
  const query = new URLSearchParams(target.replace(/^[^?]*\??/s, ""));
  const names = new Set([...restParameters, ...query.keys()].map((name) => name.replace(/[.[].*/s, "")));
  // A body that has a field of the same name is where the violation is.
  const root = httpMethod === "GET" ? undefined : body && parseJson(body.text).root;
  for (const { keyStart, keyEnd } of root?.children ?? []) {
    names.delete(body?.text.slice(keyStart, keyEnd).slice(1, -1) ?? "");
  }
  return names;
}

function rawOf({ body }: Call, shown: ShownBody | undefined): RawBody | undefined {
  if (body.case === "bodyBytes") {
    return { bytes: body.value };
  }
  return body.case === "bodyText" && shown?.kind !== "sent" ? { text: body.value } : undefined;
}

/** Most bytes that are shown of a binary body. */
const maxDump = 4_096;

/** Returns bytes as lines of offset, hexadecimal and ASCII, as `xxd` prints them. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, maxDump); at += 16) {
    const line = [...bytes.subarray(at, Math.min(at + 16, maxDump))];
    const hex = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  if (bytes.length > maxDump) {
    lines.push(`… ${bytes.length - maxDump} more bytes`);
  }
  return lines.join("\n");
}

/** Returns a push as the playground edits it; undefined for other calls. */
export function draftOf(call: Call): Draft | undefined {
  const method = shortMethod(call.method);
  if (!isPushMethod(method)) {
    return undefined;
  }
  const member = pushedFields[method];
  const body = bodyOf(call);
  const text = call.requestJson === "" ? undefined : memberText(call.requestJson, member);
  const sent = body?.kind === "sent" ? (memberText(body.text, member) ?? body.text) : undefined;
  return {
    method,
    operator: asnText(call.operator),
    clientId: call.clientId,
    userKey: call.userKey,
    text: sent ?? text ?? "{}",
  };
}
