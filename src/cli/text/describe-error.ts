import { ServiceAccountsError } from "../../auth/accounts/accounts-error.ts";
import { SigningKeyError } from "../../auth/signing-key.ts";
import { ConfigError } from "../../config/config-error.ts";
import { isSystemError, messageOfFileError } from "../../contract/file-error.ts";
import { ContractError } from "../../contract-diff/contract-error.ts";
import { InputError } from "../../push/input/input-error.ts";
import { RunError } from "../../push/run/run-directory.ts";
import { CleartextError } from "../../server/cleartext.ts";
import { ListenError } from "../../server/listen-error.ts";
import { LogKeyError } from "../../server/telemetry/user-key-hash.ts";
import { WorkerStartError } from "../../server/workers/start-error.ts";
import { SnapshotUnsupported, StoreOpenError, StoreUnavailable } from "../../store/plan-store.ts";
import { ExportError } from "../../transfer/export-error.ts";
import { ImportFileError } from "../../transfer/import-file-error.ts";
import { UsageError } from "../usage-error.ts";
import { listenAdvice } from "./listen-advice.ts";

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
  ImportFileError,
  ContractError,
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
  if (error instanceof ListenError) {
    return `${error.message}. ${listenAdvice(error)}`;
  }
  if (error instanceof Error && userErrors.some((kind) => error instanceof kind)) {
    return error.message;
  }
  if (isSystemError(error)) {
    return messageOfFileError(error);
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
