import { clock } from "./clock.scenario.ts";
import { frames } from "./frames.scenario.ts";
import { fullDisk } from "./full-disk.scenario.ts";
import { idleConnections } from "./idle-connections.scenario.ts";
import { kill, killWorkers } from "./kill.scenario.ts";
import { killPostgres, killSqlite } from "./kill-store.scenario.ts";
import { readOnlyDisk } from "./read-only-disk.scenario.ts";
import { restartWorkers, rollingRestart } from "./rolling-restart.scenario.ts";
import type { Scenario } from "./scenario.ts";
import { slowClients } from "./slow-clients.scenario.ts";
import { soak } from "./soak.scenario.ts";
import { truncatedTls } from "./tls.scenario.ts";

/** All of them, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  { name: "kill", run: kill },
  { name: "kill-workers", run: killWorkers },
  { name: "kill-sqlite", run: killSqlite },
  { name: "kill-postgres", run: killPostgres },
  { name: "full-disk", run: fullDisk },
  { name: "read-only-disk", run: readOnlyDisk },
  { name: "clock", run: clock },
  { name: "slow-clients", run: slowClients },
  { name: "tls", run: truncatedTls },
  { name: "idle-connections", run: idleConnections },
  { name: "frames", run: frames },
  { name: "rolling-restart", run: rollingRestart },
  { name: "restart-workers", run: restartWorkers },
  { name: "soak", run: soak },
];
