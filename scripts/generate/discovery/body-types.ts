import type { DescMessage } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../../src/transcoding/index.ts";
import { fieldAt } from "../describe/fields.ts";
import { wellKnownTypes } from "./value-types.ts";

/** Returns the message in the body of a request; undefined if there is no body. */
export function bodyType({ method, body }: HttpBinding): DescMessage | undefined {
  if (body === "") {
    return undefined;
  }
  return body === "*" ? method.input : messageAt(method.input, body);
}

/** Returns the message in the body of a response. */
export function responseType({ method, responseBody }: HttpBinding): DescMessage {
  return responseBody === "" ? method.output : messageAt(method.output, responseBody);
}

function messageAt(owner: DescMessage, name: string): DescMessage {
  const field = fieldAt(owner, name);
  if (field.fieldKind !== "message" || wellKnownTypes.has(field.message.typeName)) {
    throw new Error(`${field}: a Discovery document can describe only objects as bodies`);
  }
  return field.message;
}
