import { parseJson } from "../ui/json/parse-json.ts";
import { restRequest } from "./http-request.ts";
import { methodNamed, type ProtocolName, type RepeatableCall } from "./repeatable-call.ts";

/** A push that is edited; see `Draft`. */
type DraftedPush = {
  readonly method: string;
  readonly operator: string;
  readonly clientId: string;
  readonly userKey: string;
  readonly text: string;
};

/** Returns the push of a draft. Its JSON may be invalid: over REST and Connect it is sent all the same. */
export function callOfDraft(draft: DraftedPush, protocol: ProtocolName, origin: string): RepeatableCall {
  const method = methodNamed(draft.method);
  const isJson = parseJson(draft.text).errorAt === undefined;
  // Not JSON: the place of the text is kept until the request is written.
  const message = messageOf(draft, isJson ? draft.text : "{}");
  const operator = `operators/${draft.operator}`;
  return {
    origin,
    protocol,
    method,
    message: isJson ? message : undefined,
    sent: isJson || protocol !== "rest" ? undefined : malformedRequest(),
    access: {
      kind: "token",
      operator: /^operators\/[1-9][0-9]{0,9}$/.test(operator) ? operator : "operators/65001",
    },
    unknown: isJson
      ? undefined
      : "The text is not JSON, so that it is no message. Use curl over REST to send it.",
  };

  function malformedRequest() {
    const request = restRequest({ method, message });
    return request && { ...request, body: draft.method === "CreatePlanGroup" ? groupBody() : draft.text };
  }

  function groupBody(): string {
    return `{"planGroupId": ${JSON.stringify(draft.userKey)}, "planGroup": ${draft.text}}`;
  }
}

function messageOf({ method, operator, clientId, userKey }: DraftedPush, text: string): string {
  const parent = JSON.stringify(`operators/${operator}`);
  const key = JSON.stringify(userKey);
  switch (method) {
    case "CreateUserPlanStatus":
      return `{"parent": ${parent}, "clientId": ${JSON.stringify(clientId)}, "userKey": ${key}, "planStatus": ${text}}`;
    case "CreatePlanStatus":
      return `{"parent": ${parent}, "userKey": ${key}, "planStatus": ${text}}`;
    default:
      return `{"parent": ${parent}, "planGroupId": ${key}, "planGroup": ${text}}`;
  }
}
