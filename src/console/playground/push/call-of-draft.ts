import type { DescMethod } from "@bufbuild/protobuf";
import { connectRequest, restRequest } from "../../snippets/http-request.ts";
import { methodNamed, type RepeatableCall } from "../../snippets/repeatable-call.ts";
import { parseJson } from "../../ui/json/parse-json.ts";
import type { Draft } from "../../ui/push-draft.ts";
import { type PushProtocol, pushBody } from "./push-body.ts";

/** Returns the push of a draft for snippets. A text that is not JSON is sent all the same, with curl and Python. */
export function callOfDraft(draft: Draft, protocol: PushProtocol, origin: string): RepeatableCall {
  const method = methodNamed(draft.method);
  const message = pushBody(draft, "connect").text;
  const operator = `operators/${draft.operator}`;
  const call: RepeatableCall = {
    origin,
    protocol,
    method,
    message,
    sent: undefined,
    access: {
      kind: "token",
      operator: /^operators\/[1-9][0-9]{0,9}$/.test(operator) ? operator : "operators/65001",
    },
  };
  if (parseJson(message).errorAt === undefined) {
    return call;
  }
  return {
    ...call,
    message: undefined,
    sent: method && malformedRequest(draft, protocol, method),
    unknown: "The text is not JSON, and so no message. Only curl and Python send it, over REST and Connect.",
  };
}

function malformedRequest(draft: Draft, protocol: PushProtocol, method: DescMethod) {
  const { text } = pushBody(draft, protocol);
  if (protocol === "rest") {
    const request = restRequest({ method, message: pushBody({ ...draft, text: "{}" }, "connect").text });
    return request && { ...request, body: text };
  }
  return protocol === "connect" ? connectRequest(method, text) : undefined;
}
