import { ServiceAccountsError } from "../../auth/accounts/list-file.ts";
import { SigningKeyError } from "../../auth/signing-key.ts";
import { ConfigError } from "../../config/config-error.ts";
import { InputError } from "../../push/input/input.ts";
import { RunError } from "../../push/run/run-directory.ts";
import { CleartextError } from "../../server/cleartext.ts";
import { LogKeyError } from "../../server/telemetry/user-key-hash.ts";
import { WorkerStartError } from "../../server/workers/primary.ts";
import { SnapshotUnsupported, StoreOpenError, StoreUnavailable } from "../../store/plan-store.ts";
import { ExportError } from "../../transfer/export-records.ts";
import { UsageError } from "../usage-error.ts";

/** Errors whose messages are written for users and say what to do. */
const userErrors = [
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

/** Describes in one line why a command failed. Unexpected errors come with their stack trace. */
export function describeError(error: unknown): string {
  if (error instanceof CleartextError) {
    return `${error.message} (--tls-cert and --tls-key, or --allow-cleartext)`;
  }
  if (error instanceof ConfigError && error.problems.some(({ source }) => source.layer === "flag")) {
    return `${error.message}\n(run with --help for usage)`;
  }
  if (error instanceof Error && userErrors.some((kind) => error instanceof kind)) {
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
