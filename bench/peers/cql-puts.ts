import cassandra from "cassandra-driver";
import { openCqlStore } from "../../src/store/cql/store.ts";
import { parseCqlUrl } from "../../src/store/cql/url.ts";

/**
 * Puts plan statuses of 400 bytes: `cql-puts.ts store|bare <url>`.
 *
 * The message `{ seconds, producers }` starts a run, which ends with a message of type PutRun. `bare` executes the same
 * two prepared statements per put, with the parameters that the store would bind, in a loop over the driver.
 */
export type PutRun = {
  readonly puts: number;
  readonly cpuMicrosPerPut: number;
  readonly putsPerSecond: number;
  /** Milliseconds. */
  readonly p99: number;
};

const users = 100_000;
const value = new Uint8Array(400).fill(7);
const [mode = "", url = ""] = process.argv.slice(2);
const put = mode === "store" ? await storePut() : await barePut();

process.on("message", async ({ seconds, producers }: { seconds: number; producers: number }) => {
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const produce = async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await put(`user${Math.floor(Math.random() * users)}`, Date.now());
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  process.send?.({
    puts: latencies.length,
    cpuMicrosPerPut: (user + system) / latencies.length,
    putsPerSecond: (latencies.length * 1000) / (performance.now() - begin),
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  } satisfies PutRun);
});
process.send?.("ready");

async function storePut(): Promise<(id: string, now: number) => Promise<unknown>> {
  const store = await openCqlStore({ url });
  return (id, now) =>
    store.put({
      key: { kind: "planStatus", asn: 65_001, clientId: "mobiledataplan", id },
      updateTime: { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1_000_000 },
      expiresAtMs: now + 86_400_000,
      value,
    });
}

async function barePut(): Promise<(id: string, now: number) => Promise<unknown>> {
  const { contactPoints, port, dc, keyspace, credentials } = parseCqlUrl(url);
  const client = new cassandra.Client({
    contactPoints: [...contactPoints],
    protocolOptions: { port },
    localDataCenter: dc,
    keyspace,
    ...(credentials && { credentials }),
    encoding: { useBigIntAsLong: true },
  });
  await client.connect();
  const options = { prepare: true, consistency: cassandra.types.consistencies.localQuorum };
  const select =
    "SELECT entry, writetime(entry) AS timestamp FROM record WHERE asn = ? AND kind = ? AND client_id = ? AND id = ?";
  const insert =
    "INSERT INTO record (asn, kind, client_id, id, entry) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?";
  return async (id, now) => {
    // A separate operator, because the store cannot read these records.
    const key = [65_002n, 1, Buffer.from("mobiledataplan"), Buffer.from(id)];
    await client.execute(select, key, options);
    const entry = Buffer.from(value);
    await client.execute(insert, [...key, entry, BigInt(now) * 1000n, 259_200], options);
  };
}
