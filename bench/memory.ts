import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeToken } from "../src/cli/make-token.ts";
import { measure } from "./support/load.ts";
import { restCreate } from "./support/loads.ts";
import { pin, startPeer } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";

const targetCreates = Number(process.env.BENCH_CREATES ?? 1_000_000);
const sliceSeconds = 10;

pin(process.pid, 1);
const dataDirectory = mkdtempSync(join(tmpdir(), "mdps-bench-"));
const mdps = await startPeer("mdps-server.ts", [dataDirectory]);
try {
  const load = restCreate(await makeToken(dataDirectory, 65001, "push"));
  const samples: { creates: number; megabytes: number }[] = [];
  let creates = 0;
  while (creates < targetCreates) {
    creates += (await measure(mdps, load, sliceSeconds)).requests;
    const { rssBytes } = await mdps.usage();
    samples.push({ creates, megabytes: rssBytes / 1024 / 1024 });
    console.error(`${creates} creates: ${(rssBytes / 1024 / 1024).toFixed(0)} MiB`);
  }
  const fifth = (part: number) =>
    samples.find((sample) => sample.creates >= (targetCreates * part) / 5) ?? samples.at(-1);
  writeSection("memory", [
    ["creates", "resident memory of the server, MiB"],
    ...[1, 2, 3, 4, 5].map((part) => {
      const sample = fifth(part);
      return [(sample?.creates ?? 0).toLocaleString("en"), (sample?.megabytes ?? Number.NaN).toFixed(0)];
    }),
  ]);
} finally {
  await mdps.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
}
