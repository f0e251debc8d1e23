import type { DescMessage, Message } from "@bufbuild/protobuf";
import { contractCodecs } from "../../contract/contract-types.ts";
import { createJsonReader, type JsonReader, parseJsonDocument } from "../../transcoding/index.ts";
import type { PushRequest } from "../input/push-request.ts";
import { pushMethods, storedNameOf } from "./push-methods.ts";

/** Returns the name of the resource in the JSON of an answer; undefined if that is not the resource of the method. */
export function nameInJson(method: PushRequest["method"], body: Buffer): string | undefined {
  const desc = pushMethods[method].output;
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  // Unknown fields are ignored, but this one is of no resource.
  if (Object.hasOwn(Object(json), "error")) {
    return undefined;
  }
  return nameOf(contractCodecs.get(desc)?.readJson(json)?.message ?? readTolerantly(desc, body));
}

const readers = new Map<DescMessage, JsonReader<DescMessage>>();

/** Reads a message that may have fields and values that are newer than the contract. */
function readTolerantly(desc: DescMessage, body: Buffer): Message | undefined {
  const document = parseJsonDocument(body);
  if ("violations" in document) {
    return undefined;
  }
  const read =
    readers.get(desc) ?? createJsonReader(desc, { ignoreUnknownFields: true, codecs: contractCodecs });
  readers.set(desc, read);
  const found = read(document);
  return "message" in found ? found.message : undefined;
}

/** Returns the name of the resource in an encoded answer; undefined if that is not the resource of the method. */
export function nameInMessage(method: PushRequest["method"], bytes: Uint8Array): string | undefined {
  try {
    return nameOf(contractCodecs.decode(pushMethods[method].output, bytes));
  } catch {
    return undefined;
  }
}

/** Returns the field `name` of a resource. */
export function nameOf(resource: Message | undefined): string | undefined {
  const { name } = (resource ?? {}) as { readonly name?: unknown };
  return typeof name === "string" ? name : undefined;
}

/**
 * Returns whether a name is that of the resource that a request stores. How Google escapes a user key in a name is not known,
 * so the key may be as it is or percent-encoded in any way. The status for one client may be named below that client.
 */
export function isStoredName(name: string, request: PushRequest): boolean {
  if (name === storedNameOf(request)) {
    return true;
  }
  const { method, parent, clientId, userKey } = request;
  const client = `${parent}/clients/${clientId}/`;
  const forms =
    method === "createPlanGroup"
      ? [[`${parent}/planGroups/`, ""]]
      : method === "createPlanStatus"
        ? [[`${parent}/planStatuses/`, ""]]
        : [
            [`${parent}/planStatuses/`, ""],
            [`${client}planStatuses/`, ""],
            [`${client}users/`, "/planStatus"],
          ];
  return forms.some(([start = "", end = ""]) => {
    const isForm = name.startsWith(start) && name.endsWith(end) && name.length >= start.length + end.length;
    return isForm && isIdOf(name.slice(start.length, name.length - end.length), userKey);
  });
}

function isIdOf(id: string, userKey: string): boolean {
  return id === userKey || decoded(id) === userKey;
}

/** Decodes a text that is percent-encoded. If it is not, only the slashes of a name are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replaceAll(/%2f/gi, "/");
  }
}
