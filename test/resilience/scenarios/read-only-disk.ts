import { type FailingDisk, mountFailingDisk } from "../../store/sqlite/failing-disk.ts";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createLedger } from "../ledger.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext } from "../scenario.ts";
import { ServeFailed } from "../served.ts";

const mebibytes = 48;
const users = 2_000;
const lanes = 8;

/** The disk of the store fails under load, as a disk does: from one moment on it cannot be written. */
export async function readOnlyDisk(context: ScenarioContext): Promise<Row | NotRun> {
  let disk: FailingDisk;
  try {
    disk = mountFailingDisk(mebibytes);
  } catch {
    return { notRun: "it needs root, ext4 and loop devices, to mount a disk that fails" };
  }
  context.atEnd(() => disk.remove());
  const { faults, check } = createFindings();
  const { random } = context;
  // The root of an ext4 has lost+found in it.
  const data = `${disk.directory}/data`;
  const first = await context.serve({ data });
  const ledger = createLedger();
  const load = startLoad({ client: clientOf(first), ledger, random, users, lanes });
  await eventually(() => load.counts.acknowledged >= 500, 20_000);
  const early = ledger.userKeys().slice(0, 100);
  disk.fail();
  check(await eventually(() => load.counts.failures.size > 0, 20_000), "pushes are still acknowledged");
  const before = load.counts.acknowledged;
  check(await eventually(async () => !(await isReady(first)), 10_000), "the server is still ready");
  const reads = await readBack(clientOf(first, { reads: true }), early).then(
    (found) => found.size,
    () => 0,
  );
  check(reads === early.length, `${early.length - reads} of ${early.length} reads miss`);
  const counts = await load.stop();
  check(
    counts.acknowledged === before,
    `${counts.acknowledged - before} pushes were acknowledged afterwards`,
  );
  const others = [...counts.failures.keys()].filter((failure) => failure !== "UNAVAILABLE STORE_UNAVAILABLE");
  check(others.length === 0, `pushes failed otherwise: ${failuresText(counts)}`);
  check(counts.withoutRetryInfo === 0, `${counts.withoutRetryInfo} refusals had no RetryInfo`);
  check(first.isRunning(), "the server has ended");
  first.signal("SIGTERM");
  const stopped = await Promise.race([first.ended, eventually(() => false, 20_000)]);
  check(typeof stopped === "object", "SIGTERM does not end it within 20 s");

  const refusal = await context.serve({ data }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const words = refusal instanceof ServeFailed ? refusal.stderr : "";
  check(words !== "", `a start on the read-only disk did not end by itself: ${refusal}`);
  check(isAdvice(words), `a start on the read-only disk does not say what to do: ${words}`);

  disk.repair();
  const again = await context.serve({ data });
  faults.push(...ledger.compare(await readBack(clientOf(again, { reads: true }), ledger.userKeys())));
  faults.push(...ledger.compare(await readExport(data)));
  const late = startLoad({ client: clientOf(again), ledger, random, users, lanes });
  check(await eventually(() => late.counts.acknowledged > 0, 10_000), "no push after the repair");
  await late.stop();
  again.signal("SIGTERM");
  await again.ended;
  return {
    done: "a disk that cannot be written any more from one moment on (ext4, aborted), under load; SIGTERM; a start on it; repair, and a start",
    required:
      "pushes are refused with STORE_UNAVAILABLE and RetryInfo, reads go on, not ready; a start says what to do and ends; after the repair each acknowledged status is read back",
    seen: `${counts.acknowledged} acknowledged, refused: ${failuresText(counts)}; the start said “${words.replace(/^mdps: /, "").replaceAll(data, "…")}”`,
    faults,
  };
}

/** One line that says what is the matter and what to do about it, and no stack. */
function isAdvice(words: string): boolean {
  return /^mdps: .*; .*mounted for writing, or choose another directory$/.test(words.trim());
}
