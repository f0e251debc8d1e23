import { prettyJson } from "./literals.ts";
import { type RepeatableCall, type Snippet, whyNoMessage } from "./repeatable-call.ts";
import { hasTerminalKeys, hereDocument, isLong, pipedBytes, shellQuoted, shellToken } from "./shell.ts";

/** Returns the command with which grpcurl sends a call again. The server's reflection tells it the messages. */
export function grpcurlSnippet(call: RepeatableCall): Snippet {
  const { origin, method, message } = call;
  if (method === undefined || message === undefined) {
    return { reason: call.unknown ?? whyNoMessage(call, "grpcurl") };
  }
  const { protocol, host, port } = new URL(origin);
  const { lines, options } = shellToken(origin, call.access);
  const text = prettyJson(message);
  const none = { prefix: "", redirection: "", lines: "" };
  const {
    prefix,
    redirection,
    lines: after,
  } = hasTerminalKeys(text)
    ? { ...none, ...pipedBytes(new TextEncoder().encode(text)) }
    : { ...none, ...(isLong(text) && hereDocument(text)) };
  const words = [
    `${prefix}grpcurl${protocol === "http:" ? " -plaintext" : ""}`,
    ...options,
    after === "" ? `-d ${shellQuoted(text)}` : "-d @",
    `${port === "" ? `${host}:${protocol === "http:" ? 80 : 443}` : host} ${method.parent.typeName}/${method.name}`,
  ];
  return { text: `${lines}${words.join(" \\\n  ")}${redirection && ` ${redirection}`}${after}\n` };
}
