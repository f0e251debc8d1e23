import { createContextKey, type HandlerContext } from "@connectrpc/connect";
import { asnOfParent, type Collection, parseResourceName } from "./resource-names.ts";

/** The operator that a call is about and, if its request has a `name`, the resource. */
export type CallSubject = {
  /** Undefined if the request names no valid operator. */
  readonly asn: number | undefined;
  readonly collection?: Collection;
  readonly id?: string;
};

const subjectKey = createContextKey<CallSubject | undefined>(undefined, {
  description: "operator and resource that the request names",
});

/** The fields by which a request names its operator, or a resource of it. */
export type Names = { readonly parent?: string | undefined; readonly name?: string | undefined };
type Context = Pick<HandlerContext, "values">;

/** Returns the subject of a call if its names were parsed already: REST calls carry them in the URL. */
export function knownSubject(context: Context): CallSubject | undefined {
  return context.values.get(subjectKey);
}

/** Returns the subject of a call. Parses its `parent` or `name` once and stores the result in the context. */
export function subjectOf(names: Names, context: Context): CallSubject {
  const subject = knownSubject(context) ?? parse(names);
  context.values.set(subjectKey, subject);
  return subject;
}

function parse({ parent, name = "" }: Names): CallSubject {
  if (parent !== undefined) {
    return { asn: asnOfParent(parent) };
  }
  for (const collection of ["planStatuses", "planGroups"] as const) {
    const parsed = parseResourceName(name, collection);
    if (parsed !== undefined) {
      return { ...parsed, collection };
    }
  }
  return { asn: undefined };
}
