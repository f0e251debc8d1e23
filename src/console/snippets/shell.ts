import type { Access } from "./repeatable-call.ts";

/** Returns a text as one word of a POSIX shell, whatever characters it has. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : shellQuoted(text);
}

/** Returns a text in single quotes, within which a POSIX shell changes nothing. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Longest text that is passed as an argument, in bytes: Linux allows 128 KiB. */
const longestArgument = 100_000;

/** Whether a text is too long for an argument, so that a command reads it from its standard input. */
export function isLong(text: string): boolean {
  return text.length > longestArgument || new TextEncoder().encode(text).length > longestArgument;
}

/** A text as the standard input of a command: the redirection, and the lines that follow the line of the command. */
export type HereDocument = { readonly redirection: string; readonly lines: string };

/** Returns a here-document of a text. The command reads a line break at its end. */
export function hereDocument(text: string): HereDocument {
  const lines = new Set(text.split("\n"));
  let end = "END";
  while (lines.has(end)) {
    end += "_";
  }
  return { redirection: `<<'${end}'`, lines: `\n${text}\n${end}` };
}

/**
 * Characters that a terminal takes for keys when a command is pasted, such as Ctrl+C or Delete: quotes do not stop them, so
 * what follows could run as a command of its own. Line feeds and tabs do no harm within quotes.
 */
const terminalKeys = /[^\t\n -~\u00a0-\u{10ffff}]/u;

/** Whether a text must not be pasted as it is, whoever wrote it. */
export function hasTerminalKeys(text: string): boolean {
  return terminalKeys.test(text);
}

/** Returns the command that writes bytes to the standard input of the next one, and the lines that follow both. */
export function pipedBytes(bytes: Uint8Array): { readonly prefix: string; readonly lines: string } {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const { redirection, lines } = hereDocument(base64.replace(/.{1,100}(?=.)/g, "$&\n"));
  return { prefix: `base64 -d ${redirection} | `, lines };
}

/** Returns the lines that set TOKEN, and the arguments that send credentials, for curl and grpcurl. */
export function shellToken(origin: string, access: Access): { lines: string; options: readonly string[] } {
  if (access.kind === "headers") {
    return {
      lines: "",
      options: access.values.map((value) => `-H ${shellQuoted(`Authorization: ${value}`)}`),
    };
  }
  const lines = [
    "# A token of the emulator. For another server, set TOKEN to one of its access tokens.",
    `TOKEN=$(curl -sS ${shellWord(`${origin}/emulator/v1/tokens`)} -H 'Content-Type: application/json' \\`,
    `  -d ${shellQuoted(JSON.stringify(tokenRequest(access)))} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`,
    "",
  ];
  return { lines: lines.join("\n"), options: ['-H "Authorization: Bearer $TOKEN"'] };
}

/** Returns the request for a token. */
export function tokenRequest({ operator, scopes }: Extract<Access, { kind: "token" }>) {
  return { operators: [operator], ...(scopes && { scopes }) };
}
