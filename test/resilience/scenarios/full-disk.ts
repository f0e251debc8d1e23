import { canMount, mountSmallDisk } from "../../support/small-disk.ts";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createLedger } from "../ledger.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext } from "../scenario.ts";

const mebibytes = 24;
const lanes = 8;

/** The disk of the store fills up under load, and gets room again. */
export async function fullDisk(context: ScenarioContext): Promise<Row | NotRun> {
  if (!canMount()) {
    return { notRun: "it needs root, to mount a disk" };
  }
  const disk = mountSmallDisk(mebibytes);
  context.atEnd(() => disk.remove());
  const { faults, check } = createFindings();
  const server = await context.serve({ data: disk.directory });
  const { random } = context;
  const ledger = createLedger();
  const reader = clientOf(server, { reads: true });
  // Many users: a store that only replaces records needs no more room.
  const load = startLoad({ client: clientOf(server), ledger, random, users: 1e6, lanes });
  await eventually(() => load.counts.acknowledged >= 500, 20_000);
  const early = ledger.userKeys().slice(0, 100);
  disk.fill();
  const refused = await eventually(() => load.counts.failures.size > 0, 60_000);
  check(refused, "the disk is full and pushes are still acknowledged");
  check(await eventually(async () => !(await isReady(server)), 10_000), "the server is still ready");
  const whileFull = await readBack(reader, early);
  check(whileFull.size === early.length, `${early.length - whileFull.size} of ${early.length} reads miss`);
  const before = load.counts.acknowledged;
  disk.clear();
  const began = performance.now();
  const recovered = await eventually(() => load.counts.acknowledged > before + 100, 20_000);
  const recoveredMs = performance.now() - began;
  check(recovered, "with room again, pushes are not acknowledged within 20 s");
  check(
    await eventually(() => isReady(server), 10_000),
    "with room again, the server is not ready within 10 s",
  );
  const counts = await load.stop();
  const others = [...counts.failures.keys()].filter((failure) => failure !== "UNAVAILABLE STORE_UNAVAILABLE");
  check(others.length === 0, `pushes failed otherwise: ${failuresText(counts)}`);
  check(counts.withoutRetryInfo === 0, `${counts.withoutRetryInfo} refusals had no RetryInfo`);
  check(server.isRunning(), "the server has ended");
  faults.push(...ledger.compare(await readBack(reader, ledger.userKeys())));
  faults.push(...ledger.compare(await readExport(server.data)));
  return {
    done: `a disk of ${mebibytes} MiB filled to its last byte under load, and cleared`,
    required:
      "pushes are refused with STORE_UNAVAILABLE and RetryInfo, reads go on, not ready; then recovered by itself within 20 s; each acknowledged status is read back",
    seen: `${counts.acknowledged} acknowledged, refused: ${failuresText(counts)}; recovered in ${(recoveredMs / 1000).toFixed(1)} s`,
    faults,
  };
}
