import type { Scenario } from "../scenario.ts";
import { clock } from "./clock.ts";
import { frames } from "./frames.ts";
import { fullDisk } from "./full-disk.ts";
import { heldRequests } from "./held-requests.ts";
import { idleConnections } from "./idle-connections.ts";
import { kill, killWorkers } from "./kill.ts";
import { killPostgres, killSqlite } from "./kill-store.ts";
import { readOnlyDisk } from "./read-only-disk.ts";
import { restartWorkers, rollingRestart } from "./rolling-restart.ts";
import { slowClients } from "./slow-clients.ts";
import { soak } from "./soak.ts";
import { truncatedTls } from "./tls.ts";

/** All scenarios, in the order of the table. */
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
  { name: "held-requests", run: heldRequests },
  { name: "frames", run: frames },
  { name: "rolling-restart", run: rollingRestart },
  { name: "restart-workers", run: restartWorkers },
  { name: "soak", run: soak },
];
