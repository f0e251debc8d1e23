import { asnOfParent } from "../../contract/resource-names.ts";
import { parseRequestTarget } from "../../transcoding/index.ts";

type NamedSubject = {
  readonly asn?: number | undefined;
  readonly clientId?: string | undefined;
  readonly userKey?: string | undefined;
};

/** The paths of the REST API, as far as they name something. */
const path =
  /^\/v1\/(operators\/[^/]+)(?:\/clients\/([^/]+)\/users\/([^/]+)|\/plan(?:Statuses|Groups)\/([^/]+))?/;

/**
 * Returns what a request names that was rejected before it was read, as far as its path, query and JSON show it: such
 * requests are what their senders look for by operator and user key.
 */
export function subjectOfUnread(target: string, body: Uint8Array): NamedSubject {
  const { path: sent, query } = parseRequestTarget(target);
  const [, parent = "", clientId, userKey, id] = path.exec(sent) ?? [];
  const parameters = new URLSearchParams(query);
  const named = jsonObjectOf(body);
  const inJson = (...names: string[]) =>
    names.map((name) => named[name]).find((value) => typeof value === "string");
  return {
    asn: asnOfParent(decoded(parent) ?? "") ?? asnOfParent(inJson("parent") ?? ""),
    clientId: decoded(clientId) ?? inJson("clientId", "client_id"),
    userKey:
      decoded(userKey) ??
      decoded(id) ??
      parameters.get("userKey") ??
      parameters.get("user_key") ??
      inJson("userKey", "user_key", "planGroupId", "plan_group_id"),
  };
}

function decoded(segment: string | undefined): string | undefined {
  try {
    return segment && decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Returns the members of a JSON object; none for any other body. */
function jsonObjectOf(body: Uint8Array): Readonly<Record<string, string | undefined>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    return typeof value === "object" && value !== null ? (value as Record<string, string>) : {};
  } catch {
    return {};
  }
}
