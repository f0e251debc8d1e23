import type * as Fingerprint from "../../src/push/input/fingerprint.ts";
import type * as Memory from "../../src/push/memory.ts";
import type * as PushRun from "../../src/push/push-run.ts";
import type * as RunDirectory from "../../src/push/run/run-directory.ts";
import type * as AccessTokens from "../../src/push/send/access-tokens.ts";

/** Loads a module of the built package. */
const load = <Module>(name: string): Promise<Module> => import(`../../dist/src/push/${name}.js`);

// As the command line does it: before anything else is loaded.
(await load<typeof Memory>("memory")).keepMemorySmall();
const { fixedToken } = await load<typeof AccessTokens>("send/access-tokens");
const { fingerprintOf } = await load<typeof Fingerprint>("fingerprint");
const { pushRun } = await load<typeof PushRun>("push-run");
const { createRun, openRun } = await load<typeof RunDirectory>("run/run-directory");

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
  stallTimeoutMs: 60_000,
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
