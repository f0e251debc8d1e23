import { ServiceAccountsError } from "../../auth/accounts/accounts.ts";
import { SigningKeyError } from "../../auth/accounts/signing-key.ts";
import { ConfigError } from "../../config/config-error.ts";
import { InputError } from "../../push/input/input.ts";
import { RunError } from "../../push/run/run-directory.ts";
import { CleartextError } from "../../server/cleartext.ts";
import { LogKeyError } from "../../server/telemetry/user-key-hash.ts";
import { WorkerStartError } from "../../server/workers/primary.ts";
import { SnapshotUnsupported, StoreOpenError, StoreUnavailable } from "../../store/plan-store.ts";
import { ExportError } from "../../transfer/export-records.ts";

/** Raised when a command cannot be followed as it was given; the message says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Errors whose messages are written for people and say what to do. */
const explained = [
  UsageError,
  ConfigError,
  StoreOpenError,
  StoreUnavailable,
  SnapshotUnsupported,
  SigningKeyError,
  ServiceAccountsError,
  ExportError,
  InputError,
  RunError,
  LogKeyError,
  WorkerStartError,
];

/** Says in one line what kept a command from working. Only an unforeseen error brings its stack trace. */
export function explain(error: unknown): string {
  if (error instanceof CleartextError) {
    return `${error.message} (--tls-cert and --tls-key, or --allow-cleartext)`;
  }
  if (error instanceof ConfigError && error.faults.some(({ source }) => source.layer === "flag")) {
    return `${error.message}\n(add --help for what there is)`;
  }
  if (error instanceof Error && explained.some((kind) => error instanceof kind)) {
    return error.message;
  }
  const { code, message, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  switch (code) {
    case "EADDRINUSE":
      return `${address}:${port} is in use by another program. Choose another port with --port, or --port 0 for a free one.`;
    case "EACCES":
    case "ENOENT":
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return message;
    default:
      return error instanceof Error ? (error.stack ?? message) : String(error);
  }
}
