import { type FailingDisk, mountFailingDisk } from "../../store/sqlite/failing-disk.ts";
import { clientOf, failuresText, startLoad } from "../clients/load.ts";
import { eventually } from "../eventually.ts";
import { createPushHistory } from "../push-history.ts";
import { readBack, readExport } from "../read-back.ts";
import { isReady } from "../readiness.ts";
import { createFindings, type NotRun, type Row, type ScenarioContext } from "../scenario.ts";
import { ServeFailed } from "../served.ts";

const mebibytes = 48;
const users = 2_000;
const concurrency = 8;

/** The disk of the store fails under load and becomes read-only, as failing disks do. */
export async function readOnlyDisk(context: ScenarioContext): Promise<Row | NotRun> {
  let disk: FailingDisk;
  try {
    disk = mountFailingDisk(mebibytes);
  } catch {
    return { notRun: "requires root, ext4 and loop devices to mount a failing disk" };
  }
  context.atEnd(() => disk.remove());
  const { problems, check } = createFindings();
  const { random } = context;
  // The root of an ext4 file system contains lost+found.
  const data = `${disk.directory}/data`;
  const first = await context.serve({ data });
  const history = createPushHistory();
  const load = startLoad({ client: clientOf(first), history, random, users, concurrency });
  await eventually(() => load.counts.acknowledged >= 500, 20_000);
  const early = history.userKeys().slice(0, 100);
  disk.fail();
  check(await eventually(() => load.counts.failures.size > 0, 20_000), "pushes are still acknowledged");
  const before = load.counts.acknowledged;
  check(await eventually(async () => !(await isReady(first)), 10_000), "the server is still ready");
  const reads = await readBack(clientOf(first, { reads: true }), early).then(
    (found) => found.size,
    () => 0,
  );
  check(reads === early.length, `${early.length - reads} of ${early.length} statuses are missing`);
  const counts = await load.stop();
  check(
    counts.acknowledged === before,
    `${counts.acknowledged - before} pushes were acknowledged after the failure`,
  );
  const others = [...counts.failures.keys()].filter((failure) => failure !== "UNAVAILABLE STORE_UNAVAILABLE");
  check(others.length === 0, `pushes failed with other errors: ${failuresText(counts)}`);
  check(counts.withoutRetryInfo === 0, `${counts.withoutRetryInfo} errors had no RetryInfo`);
  check(first.isRunning(), "the server has exited");
  first.signal("SIGTERM");
  const stopped = await Promise.race([first.ended, eventually(() => false, 20_000)]);
  check(typeof stopped === "object", "the server does not exit within 20 s of SIGTERM");

  const startError = await context.serve({ data }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const message = startError instanceof ServeFailed ? startError.stderr : "";
  check(message !== "", `a start on the read-only disk does not exit: ${startError}`);
  check(hasAdvice(message), `a start on the read-only disk does not say what to do: ${message}`);

  disk.repair();
  const again = await context.serve({ data });
  problems.push(...history.compare(await readBack(clientOf(again, { reads: true }), history.userKeys())));
  problems.push(...history.compare(await readExport(data)));
  const late = startLoad({ client: clientOf(again), history, random, users, concurrency });
  check(
    await eventually(() => late.counts.acknowledged > 0, 10_000),
    "no push is acknowledged after the repair",
  );
  await late.stop();
  again.signal("SIGTERM");
  await again.ended;
  return {
    action: "a disk becomes read-only under load (ext4, aborted); SIGTERM; start on that disk; repair; start",
    expected:
      "pushes fail with STORE_UNAVAILABLE and RetryInfo, reads continue, the server is not ready; a start exits and says what to do; after the repair, each acknowledged status is read back",
    observed: `${counts.acknowledged} acknowledged, failures: ${failuresText(counts)}; message of the start: “${message.replace(/^mdps: /, "").replaceAll(data, "…")}”`,
    problems,
  };
}

/** Returns whether a message is one line with the problem and what to do about it, without a stack trace. */
function hasAdvice(message: string): boolean {
  return /^mdps: .*; .*mounted for writing, or choose another directory$/.test(message.trim());
}
