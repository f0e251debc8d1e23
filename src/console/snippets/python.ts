import { httpRequestOf, protocolRemark } from "./http-request.ts";
import { literalOf } from "./literals.ts";
import type { Access, HttpRequest, RepeatableCall, Snippet } from "./repeatable-call.ts";
import { tokenRequest } from "./shell.ts";

/** Returns the program with which Python sends a call again, over REST or Connect, with its standard library only. */
export function pythonSnippet(call: RepeatableCall): Snippet {
  const request = httpRequestOf(call);
  if (call.method === undefined || request === undefined) {
    return { reason: call.unknown ?? "The request matched no method. Use curl to send it again." };
  }
  const lines = [
    ...(writesJson(call.access, request) ? ["import json"] : []),
    "import urllib.error",
    "import urllib.request",
    "",
    `origin = ${JSON.stringify(call.origin)}`,
    ...tokenLines(call.access),
    `${protocolRemark(call, "The standard library")}request = urllib.request.Request(`,
    `    origin + ${JSON.stringify(request.target)},`,
    ...argumentsOf(request, call.access).map((argument) => `    ${argument},`),
    ")",
    "try:",
    "    with urllib.request.urlopen(request) as answer:",
    "        print(answer.read().decode())",
    "except urllib.error.HTTPError as error:",
    "    print(error.code, error.read().decode())",
  ];
  return { text: `${lines.join("\n")}\n` };
}

function writesJson(access: Access, { body }: HttpRequest): boolean {
  return access.kind === "token" || (typeof body === "string" && literalOf(body, "python") !== undefined);
}

function tokenLines(access: Access): string[] {
  if (access.kind !== "token") {
    return [];
  }
  return [
    "# A token of the emulator. For another server, use one of its access tokens.",
    "request = urllib.request.Request(",
    '    origin + "/emulator/v1/tokens",',
    `    json.dumps(${literalOf(JSON.stringify(tokenRequest(access)), "python")}).encode(),`,
    '    {"Content-Type": "application/json"},',
    ")",
    "with urllib.request.urlopen(request) as answer:",
    '    token = json.load(answer)["accessToken"]',
  ];
}

function argumentsOf({ httpMethod, headers, body }: HttpRequest, access: Access): string[] {
  const all = [
    ...headers.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
    ...(access.kind === "token" ? ['"Authorization": "Bearer " + token'] : []),
    ...(access.kind === "headers" && access.values[0] !== undefined
      ? [`"Authorization": ${JSON.stringify(access.values.join(", "))}`]
      : []),
  ];
  return [
    ...(body === undefined ? [] : [bodyText(body)]),
    ...(all.length > 0 ? [`headers={${all.join(", ")}}`] : []),
    `method=${JSON.stringify(httpMethod)}`,
  ];
}

function bodyText(body: string | Uint8Array): string {
  if (body instanceof Uint8Array) {
    return `bytes.fromhex("${Array.from(body, (byte) => byte.toString(16).padStart(2, "0")).join("")}")`;
  }
  const literal = literalOf(body, "python", "    ");
  return literal === undefined ? `${JSON.stringify(body)}.encode()` : `json.dumps(${literal}).encode()`;
}
