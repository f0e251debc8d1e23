import { StoreOpenError, StoreUnavailable } from "../plan-store.ts";

/**
 * The meaning of an error of `pg` for its statement.
 *
 * - `record`: one of the records cannot be stored; the others can.
 * - `retry`: statements of two servers conflicted; nothing was done, and the same statement may succeed.
 * - `reconnect`: the connection can no longer be used.
 * - `database`: the database cannot serve for now.
 */
type PostgresErrorKind = "record" | "retry" | "reconnect" | "database";

/** Classes of SQLSTATE, its first two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const kindOfClass: Readonly<Record<string, PostgresErrorKind>> = {
  "08": "reconnect", // connection exception
  "22": "record", // data exception
  "23": "record", // integrity constraint violation
  "25": "reconnect", // invalid transaction state; 25006 is from a server that became a read-only standby
  "40": "retry", // deadlock, serialization failure
  "54": "record", // program limit exceeded
  "57": "reconnect", // shutting down or starting up; 57014 differs
  P0: "record", // raised by a trigger
};

const kindOfState: Readonly<Record<string, PostgresErrorKind>> = {
  "0A000": "reconnect", // "cached plan must not change result type": the table was altered
  "26000": "reconnect", // a prepared statement no longer exists
  "57014": "database", // cancelled, by statement_timeout or an administrator
};

/** Returns what an error means. An error without a SQLSTATE is one of the connection. */
export function errorKindOf(error: unknown): PostgresErrorKind {
  const state = sqlStateOf(error);
  if (state === undefined) {
    return "reconnect";
  }
  return kindOfState[state] ?? kindOfClass[state.slice(0, 2)] ?? "database";
}

/** Returns the SQLSTATE of an error that the server reported; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = Object(error) as { code?: unknown };
  // Node's own codes, such as EPIPE, begin with an E. No SQLSTATE does.
  return typeof code === "string" && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : undefined;
}

/** Returns the URL without its password and options, for messages. */
function shownUrl(url: string): string {
  try {
    const { protocol, username, host, pathname } = new URL(url);
    return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
  } catch {
    // In an invalid URL, the password cannot be distinguished from the host.
    return "the PostgreSQL URL";
  }
}

/** Returns the message of anything thrown, in one line, without the password of the URL. */
export function messageWithoutSecrets(error: unknown, url: string): string {
  let message = textOf(error).replaceAll(/\s*\n\s*/g, " ");
  for (const secret of secretsOf(url)) {
    message = message.replaceAll(secret, "***");
  }
  return message;
}

/** Returns the error that callers receive. */
export function unavailable(error: unknown, url: string): StoreUnavailable {
  return error instanceof StoreUnavailable
    ? error
    : new StoreUnavailable(`PostgreSQL failed: ${messageWithoutSecrets(error, url)}`);
}

const adviceOfState: Readonly<Record<string, string>> = {
  "28000": "check the user",
  "28P01": "check the user and the password",
  "3D000": "create the database",
  "42501": "make the user the owner of the schema, or let it create one in the database",
  "57014": "another server may be changing the tables; try again when it has finished",
  "53300": "let the server accept more connections (max_connections)",
};

/** Returns the error for a store that cannot be opened, with advice. */
export function openError(error: unknown, url: string): StoreOpenError {
  const state = sqlStateOf(error);
  const isOurs = error instanceof StoreOpenError || error instanceof StoreUnavailable;
  const advice =
    state === undefined
      ? "check that the server is running and that the URL is correct"
      : adviceOfState[state];
  const text = `cannot open the store at ${shownUrl(url)}: ${messageWithoutSecrets(error, url)}`;
  return new StoreOpenError(advice === undefined || isOurs ? text : `${text}; ${advice}`);
}

function textOf(error: unknown): string {
  // A host with several addresses fails with one error for each, without a message for all.
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(textOf).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}

function secretsOf(url: string): string[] {
  const secrets = [url];
  try {
    const { password, searchParams } = new URL(url);
    secrets.push(password, decodeURIComponent(password), searchParams.get("password") ?? "");
  } catch {
    // `pg` finds no password in it either.
  }
  return secrets.filter((secret) => secret !== "");
}
