/** A part of the path or query of a request. */
export type TargetPart = {
  readonly text: string;
  /** Whether a violation is about it. */
  readonly isWrong: boolean;
};

/** The collections before the variables of the paths of the API, with the fields that the variables are. */
const pathFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["operators", ["parent", "name"]],
  ["clients", ["clientId", "client_id"]],
  ["users", ["userKey", "user_key"]],
  ["planStatuses", ["name"]],
  ["planGroups", ["name"]],
]);

/** Returns the parts of a path and query, each with its separator. `wrong` are the paths of fields that break rules. */
export function targetParts(target: string, wrong: readonly string[]): readonly TargetPart[] {
  const parts = target.split(/(?=[/?&])/);
  const queryAt = parts.findIndex((part) => part.startsWith("?"));
  const isOfPath = (index: number) => queryAt < 0 || index < queryAt;
  return parts.map((text, index) => {
    const fields = isOfPath(index)
      ? (pathFields.get(parts[index - 1]?.slice(1) ?? "") ?? [])
      : [queryNameOf(text)];
    return { text, isWrong: fields.some((field) => wrong.includes(field)) };
  });
}

/** Returns the name of a parameter such as `&userKey=x`. */
function queryNameOf(part: string): string {
  return [...new URLSearchParams(part.slice(1)).keys()][0] ?? "";
}
