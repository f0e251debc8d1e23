import type { RecordKey } from "../plan-store.ts";
import type { PostgresConnection, PostgresStatement } from "./connection.ts";
import { keyArrays, postgresKeyOf } from "./key.ts";

/** Sum of the sizes of values at which an answer ends, in bytes; its last value may exceed it. */
const answerBytes = 4 * 1024 * 1024;

// A value is NULL if the answer was full before it. Sizes are known without reading the values.
const selectValues: PostgresStatement = {
  name: "values",
  text: `
    SELECT place, CASE WHEN until - size < $6 THEN value END FROM (
      SELECT place, value, octet_length(value) AS size, sum(octet_length(value)) OVER (ORDER BY place) AS until
      FROM unnest($1::int8[], $2::int2[], $3::bytea[], $4::bytea[])
        WITH ORDINALITY AS wanted (asn, kind, client_id, id, place)
      JOIN record USING (asn, kind, client_id, id)
      WHERE expires_at_ms IS NULL OR expires_at_ms > $5
    ) AS found`,
};

/** Returns the values of the stored, unexpired records, in the order of the keys. Rejects with StoreUnavailable. */
export async function getBatch(
  connection: PostgresConnection,
  keys: readonly RecordKey[],
  now: number,
): Promise<(Uint8Array | undefined)[]> {
  const values = new Array<Uint8Array | undefined>(keys.length).fill(undefined);
  let places = [...keys.keys()];
  while (places.length > 0) {
    const wanted = places.map((place) => postgresKeyOf(keys[place] as RecordKey));
    const rows = await connection.read(selectValues, [...keyArrays(wanted), now, answerBytes]);
    const later: number[] = [];
    for (const [number, value] of rows) {
      const place = places[Number(number) - 1] as number;
      if (value === null || value === undefined) {
        later.push(place);
      } else {
        values[place] = bytesOfHex(value);
      }
    }
    places = later;
  }
  return values;
}

/** Reads a bytea from its text, `\x` and hexadecimal digits. */
export function bytesOfHex(text: string): Buffer {
  return Buffer.from(text.slice(2), "hex");
}
