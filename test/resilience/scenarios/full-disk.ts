import { canMount, mountSmallDisk } from "../../support/small-disk.ts";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createPushHistory } from "../push-history.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext } from "../scenario.ts";

const mebibytes = 24;
const concurrency = 8;

/** The disk of the store fills up under load, then gets free space again. */
export async function fullDisk(context: ScenarioContext): Promise<Row | NotRun> {
  if (!canMount()) {
    return { notRun: "requires root to mount a disk" };
  }
  const disk = mountSmallDisk(mebibytes);
  context.atEnd(() => disk.remove());
  const { problems, check } = createFindings();
  const server = await context.serve({ data: disk.directory });
  const { random } = context;
  const history = createPushHistory();
  const reader = clientOf(server, { reads: true });
  // Many users, because a store that only replaces statuses needs no more space.
  const load = startLoad({ client: clientOf(server), history, random, users: 1e6, concurrency });
  await eventually(() => load.counts.acknowledged >= 500, 20_000);
  const early = history.userKeys().slice(0, 100);
  disk.fill();
  const rejected = await eventually(() => load.counts.failures.size > 0, 60_000);
  check(rejected, "the disk is full, but pushes are still acknowledged");
  check(await eventually(async () => !(await isReady(server)), 10_000), "the server is still ready");
  const whileFull = await readBack(reader, early);
  check(
    whileFull.size === early.length,
    `${early.length - whileFull.size} of ${early.length} statuses are missing`,
  );
  const before = load.counts.acknowledged;
  disk.clear();
  const began = performance.now();
  const recovered = await eventually(() => load.counts.acknowledged > before + 100, 20_000);
  const recoveredMs = performance.now() - began;
  check(recovered, "after freeing space, no pushes are acknowledged within 20 s");
  check(
    await eventually(() => isReady(server), 10_000),
    "after freeing space, the server is not ready within 10 s",
  );
  const counts = await load.stop();
  const others = [...counts.failures.keys()].filter((failure) => failure !== "UNAVAILABLE STORE_UNAVAILABLE");
  check(others.length === 0, `pushes failed with other errors: ${failuresText(counts)}`);
  check(counts.withoutRetryInfo === 0, `${counts.withoutRetryInfo} errors had no RetryInfo`);
  check(server.isRunning(), "the server has exited");
  problems.push(...history.compare(await readBack(reader, history.userKeys())));
  problems.push(...history.compare(await readExport(server.data)));
  return {
    action: `fill a disk of ${mebibytes} MiB completely under load, then free it`,
    expected:
      "pushes fail with STORE_UNAVAILABLE and RetryInfo, reads continue, the server is not ready; it recovers without help within 20 s; each acknowledged status is read back",
    observed: `${counts.acknowledged} acknowledged, failures: ${failuresText(counts)}; recovered in ${(recoveredMs / 1000).toFixed(1)} s`,
    problems,
  };
}
