import type { PlanSharingProtocol } from "../../src/client/index.ts";
import type { Mapping } from "../../src/push/input/csv/mapping.ts";
import type * as Fingerprint from "../../src/push/input/fingerprint.ts";
import type * as Memory from "../../src/push/memory.ts";
import type * as PushRun from "../../src/push/push-run.ts";
import type * as RunDirectory from "../../src/push/run/run-directory.ts";
import type * as AccessTokens from "../../src/push/send/access-tokens.ts";

/** Loads a module of the built package. */
const load = <Module>(name: string): Promise<Module> => import(`../../dist/src/push/${name}.js`);

// Before anything else is loaded, as in the command line.
(await load<typeof Memory>("memory")).keepMemorySmall();
const { fixedToken } = await load<typeof AccessTokens>("send/access-tokens");
const { fingerprintOf } = await load<typeof Fingerprint>("input/fingerprint");
const { pushRun } = await load<typeof PushRun>("push-run");
const { createRun, openRun } = await load<typeof RunDirectory>("run/run-directory");

/** The task of a pusher, as JSON in its only argument. */
export type PusherTask = {
  readonly runs: string;
  readonly file: string;
  readonly endpoint: string;
  /** Defaults to REST. */
  readonly protocol?: PlanSharingProtocol;
  readonly token: string;
  /** Maximum number of requests in flight. */
  readonly concurrency: number;
  /** Directory of a run to resume instead of starting one. */
  readonly resume?: string;
  /** Writes a checkpoint at the end only. */
  readonly noCheckpoint?: boolean;
  /** The file is CSV. */
  readonly mapping?: Mapping;
};

/** The message that a pusher sends at its end. */
export type PusherResult = {
  readonly run: string;
  readonly pushed: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  /** Peak resident memory of the process, in bytes. */
  readonly peakBytes: number;
};

// `mdps push` without its command line.
const task = JSON.parse(process.argv[2] ?? "") as PusherTask;
const run =
  task.resume === undefined
    ? await createRun(task.runs, {
        version: 1,
        createTime: new Date().toISOString(),
        input: task.file,
        fingerprint: await fingerprintOf(task.file),
        endpoint: task.endpoint,
        protocol: task.protocol ?? "rest",
        record: { parent: "operators/65001", client: "mobiledataplan", mapping: task.mapping },
      })
    : await openRun(task.resume);
const summary = await pushRun(run, {
  tokens: fixedToken(task.token),
  concurrency: task.concurrency,
  reveal: false,
  progress: process.stderr,
  resumeCommand: `mdps push --resume ${run.path}`,
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
