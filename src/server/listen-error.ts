import { once } from "node:events";
import { isIPv6, type Server } from "node:net";

/** Raised when an address cannot be opened. `code` and `cause` are those of the system. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  /** The settings that name the address: `listen` for the API, `admin` for metrics and health. */
  readonly section: "listen" | "admin";
  /** Such as EADDRINUSE. */
  readonly code: string | undefined;

  constructor(section: "listen" | "admin", host: string, port: number, cause: NodeJS.ErrnoException) {
    super(`${isIPv6(host) ? `[${host}]` : host}:${port} ${problemOf(port, cause)}`, { cause });
    this.section = section;
    this.code = cause.code;
  }
}

type Address = { host: string; port: number; section?: ListenError["section"] | undefined };

/** Resolves when a server, on which `listen` was called, listens. Rejects with ListenError. */
export async function listening(server: Server, { host, port, section = "listen" }: Address): Promise<void> {
  try {
    await once(server, "listening");
  } catch (error) {
    throw new ListenError(section, host, port, error as NodeJS.ErrnoException);
  }
}

function problemOf(port: number, { code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "EADDRINUSE":
      return "is in use by another program";
    case "EACCES":
      return port < 1024 ? "needs a privilege, as every port below 1024" : `cannot be opened: ${message}`;
    case "EADDRNOTAVAIL":
      return "is not an address of this machine";
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_FAIL":
      return `cannot be resolved: ${message}`;
    default:
      return `cannot be opened: ${message}`;
  }
}
