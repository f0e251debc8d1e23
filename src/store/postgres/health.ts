import type { PostgresConnection, PostgresStatement } from "./connection.ts";
import { readOnly } from "./session.ts";

const selectReadOnly: PostgresStatement = {
  name: "read-only",
  text: "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool",
};

/** Resolves if the server answers and accepts writes. Rejects with StoreUnavailable. */
export async function checkWritable(connection: PostgresConnection): Promise<void> {
  const [[isReadOnly] = []] = await connection.read(selectReadOnly);
  if (isReadOnly !== "f") {
    throw readOnly();
  }
}
