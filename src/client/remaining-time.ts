import { parseTimeoutHeader } from "../transcoding/client/index.ts";

/** How each protocol tells the server how long the caller waits. */
const headerOf: Readonly<Record<string, (ms: number) => string>> = {
  "connect-timeout-ms": String,
  "grpc-timeout": (ms) => `${ms}m`,
  "x-server-timeout": (ms) => String(ms / 1000),
};

/** Returns how long the caller of a request waits in all, in milliseconds; undefined for as long as it takes. */
export function timeoutOf(header: Headers): number | undefined {
  const given = Object.keys(headerOf).flatMap((name) => {
    const value = header.get(name);
    return value === null ? [] : [[name, value]];
  });
  const parsed = parseTimeoutHeader(Object.fromEntries(given));
  return "timeoutMs" in parsed ? parsed.timeoutMs : undefined;
}

/** Tells the server of a repeated request how long the caller still waits, in milliseconds. */
export function tellRemaining(header: Headers, remainingMs: number): void {
  for (const [name, write] of Object.entries(headerOf)) {
    if (header.has(name)) {
      header.set(name, write(Math.max(1, Math.floor(remainingMs))));
    }
  }
}
