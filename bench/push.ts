import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeToken } from "../src/cli/make-token.ts";
import type { PusherResult, PusherTask } from "./peers/pusher.ts";
import type { ValidatorResult } from "./peers/validator.ts";
import { buildPackage } from "./support/build.ts";
import { exportMapping, writeExport } from "./support/csv-export.ts";
import { measure, median } from "./support/load.ts";
import { restCreate } from "./support/loads.ts";
import { pin, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";

const { values } = parseArgs({ options: { lines: { type: "string", default: "1000000" } } });
const lines = Number(values.lines);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 8);

/** Records in the file of a round. */
const roundLines = Number(process.env.BENCH_ROUND_LINES ?? 200_000);

/** Maximum number of requests in flight on both sides: the default of `mdps push`. */
const concurrency = 128;

const directory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const runs = join(directory, "runs");
// Measure the package as users install it: running the sources takes another 25 MB for type stripping.
buildPackage();
pin(process.pid, 1);

/** Runs a push to its end, in a separate process on the processor of this one. */
function push(task: Omit<PusherTask, "runs" | "concurrency">): Promise<PusherResult> {
  return runPeer<PusherResult>("pusher.ts", JSON.stringify({ ...task, runs, concurrency }));
}

/** Runs a script of `peers/` to its end and returns the message that it sends. */
async function runPeer<Result>(script: string, argument: string): Promise<Result> {
  const child = fork(join(import.meta.dirname, "peers", script), [argument], {
    execArgv: ["--max-semi-space-size=32"],
  });
  if (child.pid !== undefined) {
    pin(child.pid, 1);
  }
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${script} ended with ${code}`);
  });
  const [result] = (await Promise.race([once(child, "message"), failed])) as [Result];
  await failed.catch(() => undefined);
  return result;
}

async function writeRecords(file: string, count: number, planStatus: object): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1024 * 1024 });
  const status = JSON.stringify(planStatus);
  for (let index = 0; index < count; index++) {
    if (!out.write(`{"userKey":"a/b+c${index}==","planStatus":${status}}\n`)) {
      await once(out, "drain");
    }
  }
  out.end();
  await once(out, "finish");
}

async function measureThroughput(): Promise<void> {
  const file = join(directory, "round.ndjson");
  const data = join(directory, "data");
  const mdps = await startPeer("mdps-server.ts", [data]);
  try {
    const token = await makeToken(data, 65001, "push");
    const load = restCreate(token);
    // The same status on both sides, because a newer one would make the pushes of the other side stale.
    await writeRecords(file, roundLines, JSON.parse(String(load.body)));
    const found: { generator: number; pusher: number; micros: number }[] = [];
    // The first round does not count: it warms up the server.
    for (let round = 0; round <= rounds; round++) {
      const generator = (await measure(mdps, load, round === 0 ? 3 : seconds, { concurrency }))
        .requestsPerSecond;
      const real = await push({ file, endpoint: mdps.url, token });
      const pusher = real.pushed / real.seconds;
      if (round > 0) {
        found.push({ generator, pusher, micros: real.cpuMicros / real.pushed });
      }
      console.error(`round ${round}: load ${generator.toFixed(0)}/s, push ${pusher.toFixed(0)}/s`);
    }
    const show = (pick: (each: (typeof found)[number]) => number) => median(found.map(pick)).toFixed(0);
    writeSection("push", [
      ["measurement", "median", "spread"],
      ["the load generator against `mdps serve`, requests/s", show((each) => each.generator), ""],
      ["`mdps push` against it, records/s", show((each) => each.pusher), ""],
      [
        "ratio",
        ...ratios(
          found.map(({ pusher, generator }) => pusher / generator),
          2,
        ),
      ],
      ["CPU time of the push, µs per record, start included", show((each) => each.micros), ""],
    ]);
  } finally {
    await mdps.stop();
    rmSync(file);
  }
}

/** Protocols of `mdps push`, with the argument of the endpoint that speaks them. */
const protocols = { rest: "http", connect: "http", grpc: "grpc", "grpc-web": "http" } as const;

/** Pushes over each protocol to an endpoint that does nothing, and validates the same file. */
async function measureProtocols(): Promise<void> {
  const file = join(directory, "protocols.ndjson");
  const endpoints = {
    http: await startPeer("empty-endpoint.ts"),
    grpc: await startPeer("empty-endpoint.ts", ["grpc"]),
  };
  try {
    await writeRecords(file, roundLines, JSON.parse(String(restCreate("").body)));
    const found = new Map<string, { micros: number; rate: number }[]>();
    const note = (name: string, { records, seconds, cpuMicros }: ValidatorResult) => {
      const [micros, rate] = [cpuMicros / records, records / seconds];
      found.set(name, [...(found.get(name) ?? []), { micros, rate }]);
      console.error(`${name}: ${micros.toFixed(1)} µs per record, ${rate.toFixed(0)}/s`);
    };
    for (let round = 0; round < rounds; round++) {
      note("`mdps validate`", await runPeer<ValidatorResult>("validator.ts", file));
      for (const [protocol, endpoint] of Object.entries(protocols)) {
        const task = { file, endpoint: endpoints[endpoint].url, token: "t" };
        const result = await push({ ...task, protocol: protocol as keyof typeof protocols });
        note(`push over ${protocol}`, { ...result, records: result.pushed });
      }
    }
    writeSection("push-protocols", [
      ["against an endpoint that does nothing", "µs of CPU time per record", "records/s"],
      ...[...found].map(([name, all]) => [
        name,
        median(all.map(({ micros }) => micros)).toFixed(1),
        median(all.map(({ rate }) => rate)).toFixed(0),
      ]),
    ]);
  } finally {
    await Promise.all(Object.values(endpoints).map((each) => each.stop()));
    rmSync(file);
  }
}

/** Pushes with and without checkpoints to an endpoint that does nothing, which makes their share of the cost largest. */
async function measureCheckpoint(): Promise<void> {
  const file = join(directory, "checkpoint.ndjson");
  const empty = await startPeer("empty-endpoint.ts");
  try {
    await writeRecords(file, roundLines, JSON.parse(String(restCreate("").body)));
    const found: { on: number; off: number }[] = [];
    for (let round = 0; round < 2 * rounds; round++) {
      const rates = { on: 0, off: 0 };
      // The sides alternate, because the order may affect the rates.
      for (const side of round % 2 === 0 ? (["on", "off"] as const) : (["off", "on"] as const)) {
        const task = { file, endpoint: empty.url, token: "t", noCheckpoint: side === "off" };
        const { pushed, seconds } = await push(task);
        rates[side] = pushed / seconds;
      }
      found.push(rates);
      console.error(
        `round ${round}: ${rates.on.toFixed(0)}/s with checkpoints, ${rates.off.toFixed(0)}/s without`,
      );
    }
    writeSection("push-checkpoint", [
      ["against an endpoint that does nothing", "median", "spread"],
      ["with checkpoints, records/s", median(found.map(({ on }) => on)).toFixed(0), ""],
      [
        "ratio to a push without checkpoints",
        ...ratios(
          found.map(({ on, off }) => on / off),
          3,
        ),
      ],
    ]);
  } finally {
    await empty.stop();
    rmSync(file);
  }
}

/** Formats the median, and the range from the smallest to the largest. */
function ratios(all: readonly number[], digits: number): [string, string] {
  return [median(all).toFixed(digits), `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`];
}

async function measureSize(): Promise<void> {
  const file = join(directory, "large.ndjson");
  const empty = await startPeer("empty-endpoint.ts");
  try {
    const now = Date.now();
    await writeRecords(file, lines, {
      languageCode: "en-US",
      updateTime: new Date(now - 60_000).toISOString(),
      expireTime: new Date(now + 86_400_000).toISOString(),
    });
    const task = { file, endpoint: empty.url, token: "t" };
    const whole = await push(task);
    const began = performance.now();
    await push({ ...task, resume: whole.run });
    const resumed = performance.now() - began;
    writeSection("push-size", [
      ["measurement", ""],
      ["records", lines.toLocaleString("en")],
      ["size of the file, MB", (statSync(file).size / 1e6).toFixed(0)],
      ["peak memory of the push, MB", (whole.peakBytes / 1e6).toFixed(0)],
      ["resuming the finished run, start and exit of the program included, s", (resumed / 1000).toFixed(2)],
    ]);
  } finally {
    await empty.stop();
  }
}

/** Pushes the same records from CSV with a mapping and from NDJSON to `mdps serve`, in turns. */
async function measureCsv(): Promise<void> {
  const rows = Number(process.env.BENCH_ROUND_LINES ?? 100_000);
  const files = { csv: join(directory, "export.csv"), ndjson: join(directory, "export.ndjson") };
  const data = join(directory, "csv-data");
  const mdps = await startPeer("mdps-server.ts", [data]);
  try {
    await writeExport(files.csv, files.ndjson, rows);
    const token = await makeToken(data, 65001, "push");
    const found = { csv: [] as PusherResult[], ndjson: [] as PusherResult[] };
    // The first round does not count: it warms up the server.
    for (let round = 0; round <= rounds; round++) {
      // The sides alternate, because the order may affect the rates.
      for (const side of round % 2 === 0 ? (["csv", "ndjson"] as const) : (["ndjson", "csv"] as const)) {
        const task = { file: files[side], endpoint: mdps.url, token };
        const result = await push(side === "csv" ? { ...task, mapping: exportMapping } : task);
        console.error(`round ${round}: ${side} ${(result.pushed / result.seconds).toFixed(0)}/s`);
        if (round > 0) {
          found[side].push(result);
        }
      }
    }
    const row = (name: string, digits: number, pick: (result: PusherResult) => number) => {
      const [csv, ndjson] = [median(found.csv.map(pick)), median(found.ndjson.map(pick))];
      return [name, csv.toFixed(digits), ndjson.toFixed(digits), (csv / ndjson).toFixed(2)];
    };
    const megabytes = (file: string) => (statSync(file).size / 1e6).toFixed(1);
    writeSection("push-csv", [
      [`${rows.toLocaleString("en")} records to \`mdps serve\``, "CSV", "NDJSON", "ratio"],
      ["size of the file, MB", megabytes(files.csv), megabytes(files.ndjson), ""],
      row("records/s", 0, ({ pushed, seconds }) => pushed / seconds),
      row(
        "CPU time of the push, µs per record, start included",
        1,
        ({ cpuMicros, pushed }) => cpuMicros / pushed,
      ),
    ]);
  } finally {
    await mdps.stop();
  }
}

try {
  const parts = {
    throughput: measureThroughput,
    protocols: measureProtocols,
    csv: measureCsv,
    checkpoint: measureCheckpoint,
    size: measureSize,
  };
  for (const [name, measurePart] of Object.entries(parts)) {
    if ([undefined, name].includes(process.env.BENCH_ONLY)) {
      await measurePart();
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
