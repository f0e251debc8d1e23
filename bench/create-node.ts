/**
 * What calls cost at the server in another Node, such as `npm run bench -- create-node /opt/node-26/bin/node`, as a multiple
 * of their cost in this one. Both servers take turns, and both costs are multiples of the base in this Node.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mdpsCases, prepareMdps } from "./support/create-cases.ts";
import { median } from "./support/load.ts";
import { pin } from "./support/peer.ts";
import { writeSection } from "./support/report.ts";
import { measureRounds, quartiles } from "./support/rounds.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const seconds = Number(process.env.BENCH_SECONDS ?? 1);
const [other] = process.argv.slice(2);
if (other === undefined) {
  throw new Error("the path of another Node is required: npm run bench -- create-node /opt/node-26/bin/node");
}
const version = execFileSync(other, ["--version"], { encoding: "utf8" }).trim().slice(1);

pin(process.pid, 1);
const folder = mkdtempSync(join(tmpdir(), "mdps-bench-"));
try {
  const here = mdpsCases(await prepareMdps(folder, "here"));
  const there = mdpsCases(await prepareMdps(folder, "there", other));
  // The two rows of a case follow each other.
  const found = await measureRounds(
    here.flatMap((each, index) => [each, there[index] ?? each]),
    { rounds, seconds },
  );
  writeSection("create-node", [
    ["case", `Node ${process.versions.node}`, `Node ${version}`, "ratio", "q1 to q3"],
    ...here.map((each, index) => {
      const [own = [], others = []] = [each, there[index] ?? each].map((row) =>
        found.get(row)?.map(({ ratio }) => ratio),
      );
      const ratios = others.map((cost, round) => cost / (own[round] ?? Number.NaN));
      return [
        each.name,
        ...[own, others, ratios].map((values) => median(values).toFixed(2)),
        quartiles(ratios),
      ];
    }),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
