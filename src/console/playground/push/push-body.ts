import { type Draft, pushedFields } from "../../ui/push-draft.ts";

/** The protocols over which a browser can push, with their names. */
export const pushProtocols = { rest: "REST", connect: "Connect", "grpc-web": "gRPC-Web" } as const;

/** How a push is sent. */
export type PushProtocol = keyof typeof pushProtocols;

/** A body with the text of a draft in it, exactly as it was written. */
export type PushBody = {
  readonly text: string;
  /** Path of the draft in the body, by which violations name it; empty if the draft is the body. */
  readonly path: string;
};

/** Returns the body of a push as JSON. The text of the draft need not be JSON. */
export function pushBody(draft: Draft, protocol: PushProtocol): PushBody {
  const field = pushedFields[draft.method];
  const isGroup = field === "planGroup";
  if (protocol === "rest" && !isGroup) {
    return { text: draft.text, path: "" };
  }
  const names = {
    ...(protocol !== "rest" && { parent: `operators/${draft.operator}` }),
    ...(draft.method === "CreateUserPlanStatus" && { clientId: draft.clientId }),
    ...(isGroup ? { planGroupId: draft.userKey } : { userKey: draft.userKey }),
  };
  const before = JSON.stringify(names).slice(0, -1);
  return { text: `${before},"${field}":${draft.text}}`, path: field };
}

/** Returns the path of a violation within the draft; undefined if it is about another part of the request. */
export function pathInDraft(field: string, { path }: PushBody): string | undefined {
  if (path === "") {
    return field;
  }
  return field === path ? "" : field.startsWith(`${path}.`) ? field.slice(path.length + 1) : undefined;
}

/** Returns the path that a violation of this body has over REST, where a status is the body and a group is not. */
export function pathOverRest(field: string, { method }: Pick<Draft, "method">, body: PushBody): string {
  return method === "CreatePlanGroup" ? field : (pathInDraft(field, body) ?? field);
}
