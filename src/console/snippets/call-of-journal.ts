import { type DescMethod, fromBinary, toJsonString } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import {
  type Call,
  Call_Protocol as Protocol,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { resourceName } from "../../contract/resource-names.ts";
import { httpBindingsOf } from "../../transcoding/client/index.ts";
import { parseJson } from "../ui/json/parse-json.ts";
import {
  type Access,
  type HttpRequest,
  methodNamed,
  type ProtocolName,
  type RepeatableCall,
} from "./repeatable-call.ts";

const protocolNames: Readonly<Record<Protocol, ProtocolName | undefined>> = {
  [Protocol.PROTOCOL_UNSPECIFIED]: undefined,
  [Protocol.REST]: "rest",
  [Protocol.CONNECT]: "connect",
  [Protocol.GRPC]: "grpc",
  [Protocol.GRPC_WEB]: "grpc-web",
};

/** Returns a call of the journal, in full view, as snippets send it again to the same emulator. */
export function callOfJournal(call: Call, origin: string): RepeatableCall {
  const protocol = protocolNames[call.protocol];
  const method = methodNamed(call.method);
  const known = { origin, protocol, method, access: accessOf(call) };
  if (call.target.split("?")[0] === "/token") {
    const unknown =
      "The body of a request for a token is a credential, so the emulator does not keep it. To get a token without one, use POST /emulator/v1/tokens.";
    return { ...known, message: undefined, sent: undefined, unknown };
  }
  const message = messageOf(call, method);
  const sent = protocol === "grpc" || protocol === "grpc-web" ? undefined : sentRequest(call, message);
  const unknown = message === undefined && sent === undefined ? whyUnknown(call) : undefined;
  return { ...known, message, sent, unknown };
}

function whyUnknown(call: Call): string {
  const { protocol, bodySize } = call;
  if (bodySize > keptBytes(call)) {
    return `The emulator keeps the first 64 KiB of a body, and this one has ${bodySize} bytes.`;
  }
  return protocol === Protocol.GRPC || protocol === Protocol.GRPC_WEB
    ? "The request message could not be read, and none of these programs sends other bytes over gRPC."
    : "The body did not arrive in full, so that it is not known.";
}

/** Returns credentials that give the same outcome. */
function accessOf({ headers, reason, operator, method }: Call): Access {
  const values = headers.filter(({ name }) => name === "authorization").map(({ value }) => value);
  if (values.length !== 1 || reason === "CREDENTIALS_INVALID") {
    return { kind: "headers", values: values.map((scheme) => `${scheme} invalid`.trim()) };
  }
  const own = operator === "" ? example : operator;
  switch (reason) {
    case "SCOPE_INSUFFICIENT":
      return { kind: "token", operator: own, scopes: [/\/Get/.test(method) ? "push" : "read"] };
    case "OPERATOR_NOT_LINKED":
      return { kind: "token", operator: own === example ? "operators/65002" : example };
    default:
      return { kind: "token", operator: own };
  }
}

/** An operator of the documentation. */
const example = "operators/65001";

/** Headers that change how a request is read. Others, such as a trace or the name of the program, do not matter. */
const repeated = ["accept", "content-type", "connect-protocol-version", "x-http-method-override"];

/** What curl accepts, and JSON, which is all that there is. */
const isDefaultAccept = /^(\*\/\*|application\/json)$/;

/** Returns the request as it was sent; undefined if not all of it is known, or its text is not what was read. */
function sentRequest(call: Call, message: string | undefined): HttpRequest | undefined {
  const encoding = headerOf(call, "content-encoding");
  const isPlain = encoding === "" || encoding === "identity";
  const body = bodyOf(call);
  if (body === cut || (message !== undefined && (!isPlain || body instanceof Uint8Array))) {
    return undefined;
  }
  const headers = call.headers.filter(
    ({ name, value }) =>
      (repeated.includes(name) && !(name === "accept" && isDefaultAccept.test(value))) ||
      (name === "content-encoding" && !isPlain),
  );
  return {
    httpMethod: call.httpMethod,
    target: call.target,
    headers: headers.map(({ name, value }) => [
      name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
    body,
  };
}

function headerOf({ headers }: Call, name: string): string {
  return headers.find((header) => header.name === name)?.value ?? "";
}

/** Errors that are found before the body is read, so that it does not matter what of it had arrived. */
const early = new Set([
  "CREDENTIALS_MISSING",
  "CREDENTIALS_INVALID",
  "CREDENTIALS_MALFORMED",
  "SCOPE_INSUFFICIENT",
  "OPERATOR_NOT_LINKED",
]);

/** Returns how many bytes of the body were kept. */
function keptBytes({ body }: Call): bigint {
  const bytes = body.case === "bodyText" ? new TextEncoder().encode(body.value) : body.value;
  return BigInt(bytes?.length ?? 0);
}

/** Stands for a body of which a part that matters is not known. */
const cut = Symbol("cut");

/** Returns the body as it was sent. */
function bodyOf(call: Call): string | Uint8Array | typeof cut | undefined {
  const { body, bodySize, reason } = call;
  const length = headerOf(call, "content-length");
  const isWhole = keptBytes(call) === bodySize && (length === "" || BigInt(length) === bodySize);
  if (!isWhole && !early.has(reason)) {
    return cut;
  }
  return body.value;
}

/** Returns the JSON of the request message: that of the journal, or what an early error left unread. */
function messageOf(call: Call, method: DescMethod | undefined): string | undefined {
  if (call.requestJson !== "") {
    return call.requestJson;
  }
  const body = bodyOf(call);
  if (!method || !early.has(call.reason) || body === cut) {
    return undefined;
  }
  if (call.protocol === Protocol.REST) {
    return restMessage(call, method, body);
  }
  if (typeof body === "string" && call.protocol !== Protocol.GRPC_WEB) {
    return parseJson(body).errorAt === undefined ? body : undefined;
  }
  try {
    return body && toJsonString(method.input, fromBinary(method.input, messageBytes(call, body)));
  } catch {
    return undefined;
  }
}

/** Returns the bytes of a message without the 5 bytes in front of it that gRPC and gRPC-Web have. Text is base64. */
function messageBytes({ protocol }: Call, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === "string" ? base64Decode(body) : body;
  return protocol === Protocol.CONNECT ? bytes : bytes.subarray(5);
}

/** Returns the message of a REST request: what its path names, and its body. */
function restMessage(
  { operator, clientId, userKey }: Call,
  method: DescMethod,
  body: string | Uint8Array | undefined,
): string | undefined {
  const [binding] = httpBindingsOf(method.parent).filter((each) => each.method === method);
  const collection = method.name === "GetPlanGroup" ? "planGroups" : "planStatuses";
  const named: Readonly<Record<string, string>> = {
    parent: operator,
    client_id: clientId,
    user_key: userKey,
    name: resourceName(Number(operator.slice("operators/".length)), collection, userKey),
  };
  const members = method.input.fields.flatMap(({ name, jsonName }) =>
    named[name] ? [`"${jsonName}":${JSON.stringify(named[name])}`] : [],
  );
  if (!binding || operator === "") {
    return undefined;
  }
  if (binding.body !== "") {
    const text = typeof body === "string" ? body : "";
    const { root, errorAt } = parseJson(text);
    if (root?.kind !== "object" || errorAt !== undefined) {
      return undefined;
    }
    const field = method.input.fields.find(({ name }) => name === binding.body);
    members.push(field ? `"${field.jsonName}":${text}` : text.slice(root.start + 1, root.end - 1).trim());
  }
  return `{${members.filter((member) => member !== "").join(",")}}`;
}
