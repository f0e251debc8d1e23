import type { Contract } from "../contract/contract.ts";
import type { FieldEntry, Inline, MethodEntry } from "../contract/document.ts";

/** What uses a type. */
export type Uses = {
  /** Fields that have the type. */
  readonly fields: readonly FieldEntry[];
  /** Methods whose request it is. */
  readonly requests: readonly MethodEntry[];
  /** Methods whose response it is. */
  readonly responses: readonly MethodEntry[];
};

/** Returns what uses a message or an enum. */
export function usesOf(fullName: string, { document }: Contract): Uses {
  const methods = document.types.flatMap((type) => (type.kind === "service" ? type.methods : []));
  const fields = document.types.flatMap((type) => (type.kind === "message" ? type.fields : []));
  return {
    fields: fields.filter(({ type }) => names(type, fullName)),
    requests: methods.filter(({ request }) => names(request.type, fullName)),
    responses: methods.filter(({ response }) => names(response.type, fullName)),
  };
}

function names(type: readonly Inline[], fullName: string): boolean {
  return type.some((part) => typeof part !== "string" && part.to === fullName);
}
