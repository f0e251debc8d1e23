/**
 * Runs every configuration and writes the results into docs/proxies.md: `node test/proxies/write-results.ts` takes about
 * four minutes. Exits with 1 if a proxy is missing, and writes failures like successes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { documentedConfiguration, edited } from "./configuration-text.ts";
import { configurations } from "./configurations.ts";
import { measureRefusals } from "./measure-refusals.ts";
import { startProxy, versionOf } from "./proxy.ts";
import { pushUnderAbuse } from "./pushes-under-abuse.ts";
import { refusals } from "./refusals.ts";
import { restartInTurn } from "./rolling-restart.ts";
import { startSite } from "./site.ts";
import { type RestartRow, type Row, resultsText, withResults } from "./table.ts";

const page = new URL("../../docs/proxies.md", import.meta.url);
const rows: Row[] = [];
const restarts: RestartRow[] = [];
for (const configuration of configurations) {
  const { proxy: name, edits } = configuration;
  const version = versionOf(name);
  if (version === undefined) {
    console.error(`${name} is not installed`);
    process.exit(1);
  }
  await using site = await startSite();
  const proxy = await startProxy(name, edited(documentedConfiguration(name), edits), site.upstreams);
  const measured = await measureRefusals(site, proxy, configuration);
  const abuse = await pushUnderAbuse(site, proxy);
  rows.push({ configuration, version, refusals: measured, abuse });
  console.log(name, configuration.upstream, measured.problems);
  if (edits.length === 0) {
    const restarted = await restartInTurn(site, proxy.port, 3);
    restarts.push({ proxy: name, restarted });
    console.log(name, restarted.problems);
  }
  await proxy.stop();
}
const machine = `${cpus().length} processors, Linux ${release().split("-")[0]}, Node ${process.versions.node}`;
const names = refusals.map(({ name }) => name);
writeFileSync(page, withResults(readFileSync(page, "utf8"), resultsText(rows, restarts, names, machine)));
