import { keepMemorySmall } from "../../src/push/memory.ts";

// As the command line does it: before anything else is loaded.
keepMemorySmall();
const { fixedToken } = await import("../../src/push/access-tokens.ts");
const { fingerprintOf } = await import("../../src/push/fingerprint.ts");
const { pushRun } = await import("../../src/push/push-run.ts");
const { createRun, openRun } = await import("../../src/push/run-directory.ts");

/** What the pusher is told, as JSON in its only argument. */
export type PusherTask = {
  readonly runs: string;
  readonly file: string;
  readonly endpoint: string;
  readonly token: string;
  /** Requests under way at most. */
  readonly concurrency: number;
  /** Goes on with this run instead. */
  readonly resume?: string;
  /** Leaves the checkpoint out but for its end. */
  readonly noCheckpoint?: boolean;
};

/** What it says in the end. */
export type PusherResult = {
  readonly run: string;
  readonly pushed: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  /** The most memory that the process ever had, in bytes. */
  readonly peakBytes: number;
};

// `mdps push` without its command line, in a process of its own.
const task = JSON.parse(process.argv[2] ?? "") as PusherTask;
const run =
  task.resume === undefined
    ? await createRun(task.runs, {
        version: 1,
        createTime: new Date().toISOString(),
        input: task.file,
        fingerprint: await fingerprintOf(task.file),
        endpoint: task.endpoint,
        protocol: "rest",
        record: { parent: "operators/65001", client: "mobiledataplan" },
      })
    : await openRun(task.resume);
const summary = await pushRun(run, {
  tokens: fixedToken(task.token),
  concurrency: task.concurrency,
  reveal: false,
  progress: process.stderr,
  signal: new AbortController().signal,
  patienceMs: 60_000,
  flushMs: task.noCheckpoint ? 2 ** 30 : 100,
});
await run.release();
if (summary.end !== "finished" || summary.pushed !== summary.done) {
  throw new Error(JSON.stringify(summary));
}
const { user, system } = process.cpuUsage();
process.send?.({
  run: run.path,
  pushed: summary.pushed,
  seconds: summary.seconds,
  cpuMicros: user + system,
  peakBytes: process.resourceUsage().maxRSS * 1024,
} satisfies PusherResult);
process.disconnect?.();
