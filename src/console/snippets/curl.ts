import { httpRequestOf, protocolRemark } from "./http-request.ts";
import { prettyJson } from "./literals.ts";
import type { HttpRequest, RepeatableCall, Snippet } from "./repeatable-call.ts";
import {
  hasTerminalKeys,
  hereDocument,
  isLong,
  pipedBytes,
  shellQuoted,
  shellToken,
  shellWord,
} from "./shell.ts";

/** Returns the command with which curl sends a call again, over REST or Connect. */
export function curlSnippet(call: RepeatableCall): Snippet {
  const request = httpRequestOf(call);
  if (request === undefined) {
    return { reason: call.unknown ?? "What was sent is not known." };
  }
  const { lines, options: credentials } = shellToken(call.origin, call.access);
  const options = [
    ...optionsOf(request),
    ...credentials,
    ...request.headers.map(
      ([name, value]) => `-H ${shellQuoted(value === "" ? `${name};` : `${name}: ${value}`)}`,
    ),
  ].filter(Boolean);
  const { prefix, option, redirection, after } = bodyParts(request.body);
  const command = `${prefix}curl -sS${flagsOf(request)} ${shellWord(call.origin + request.target)}`;
  const words = [command, ...options, ...(option === "" ? [] : [option])].join(" \\\n  ");
  return { text: `${lines}${protocolRemark(call, "curl")}${words}${redirection}${after}\n` };
}

function optionsOf({ httpMethod, headers, body }: HttpRequest): string[] {
  const isDefault = httpMethod === (body === undefined ? "GET" : "POST");
  const isTyped = headers.some(([name]) => name.toLowerCase() === "content-type");
  return [
    httpMethod === "HEAD" ? "--head" : isDefault ? "" : `-X ${shellWord(httpMethod)}`,
    // Without it, curl says that the body is a form.
    body === undefined || isTyped ? "" : "-H 'Content-Type:'",
  ];
}

function flagsOf({ target }: HttpRequest): string {
  // Characters that stand for several URLs, and segments that curl would resolve.
  return `${/[[\]{}]/.test(target) ? " --globoff" : ""}${/\/\.\.?([/?]|$)/.test(target) ? " --path-as-is" : ""}`;
}

/** Returns what a body adds to a command: before it, at its end, and in the lines that follow. */
function bodyParts(body: HttpRequest["body"]) {
  const none = { prefix: "", option: "", redirection: "", after: "" };
  if (body === undefined) {
    return none;
  }
  if (body instanceof Uint8Array || hasTerminalKeys(body)) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const { prefix, lines } = pipedBytes(bytes);
    return { ...none, prefix, option: "--data-binary @-", after: lines };
  }
  const text = prettyJson(body);
  if (isLong(text)) {
    const { redirection, lines } = hereDocument(text);
    return { ...none, option: "--data-binary @-", redirection: ` ${redirection}`, after: lines };
  }
  // curl reads a file if the text begins with @.
  return { ...none, option: `${text.startsWith("@") ? "--data-raw" : "-d"} ${shellQuoted(text)}` };
}
