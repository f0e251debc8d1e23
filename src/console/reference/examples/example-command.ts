import type { MethodEntry, ServiceEntry } from "../../contract/document.ts";
import { curlSnippet } from "../../snippets/curl.ts";

/** The emulator that a command calls, and its time. */
export type CommandTarget = { readonly origin: string; readonly now: Date };

/**
 * Returns the commands that send the examples of a method, which its comment has as HTTP requests. The times of a status are
 * moved to now, because old ones are rejected.
 */
export function exampleCommands(
  method: MethodEntry,
  { scopes }: ServiceEntry,
  { origin, now }: CommandTarget,
): readonly string[] {
  const codes = method.example.flatMap((block) => (block.kind === "example" ? [block.code] : []));
  return codes.flatMap((code) => {
    const [, httpMethod = "", target = "", body] = /^([A-Z]+) (\/\S+)(?:\n\n(.+))?$/s.exec(code) ?? [];
    if (httpMethod === "") {
      return [];
    }
    const operator = /operators\/[0-9]+/.exec(target)?.[0] ?? "operators/65001";
    const snippet = curlSnippet({
      origin,
      protocol: "rest",
      method: undefined,
      message: undefined,
      sent: {
        httpMethod,
        target,
        headers: body === undefined ? [] : [["Content-Type", "application/json"]],
        body: body && movedTo(now, body),
      },
      access:
        scopes.length === 0
          ? { kind: "headers", values: [] }
          : { kind: "token", operator, scopes: [...scopes] },
    });
    return "text" in snippet ? [snippet.text] : [];
  });
}

/** Moves all times of a body so that it was updated at `now`; a body that was not is returned as it is. */
function movedTo(now: Date, body: string): string {
  const updated = /"(?:updateTime|lastUpdatedTime)": *"([^"]+)"/.exec(body)?.[1];
  if (updated === undefined) {
    return body;
  }
  const shift = now.getTime() - Date.parse(updated);
  return body.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (time) =>
    new Date(Date.parse(time) + shift).toISOString().replace(/\.\d+/, ""),
  );
}
