import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { clientId, parent } from "./clients/load.ts";
import type { StoredStatus } from "./push-history.ts";
import { program } from "./served.ts";

/** Reads in flight at once. */
const readers = 32;

/** Reads the status of each user over the serving API and omits users without one. Rejects with any other error. */
export async function readBack(
  client: PlanSharingClient,
  userKeys: readonly string[],
): Promise<Map<string, StoredStatus>> {
  const found = new Map<string, StoredStatus>();
  const left = userKeys.values();
  const reader = async () => {
    for (const userKey of left) {
      try {
        const { title, updateTime } = await client.getUserPlanStatus({ parent, clientId, userKey });
        found.set(userKey, { title, version: versionOf(updateTime) });
      } catch (error) {
        if (ConnectError.from(error).code !== Code.NotFound) {
          throw error;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return found;
}

/** Reads every status of a data directory with `mdps export`. */
export async function readExport(data: string): Promise<Map<string, StoredStatus>> {
  // Without a snapshot, because small disks lack the space for it and nothing writes meanwhile.
  const args = [program, "export", "--no-snapshot", "--data", data];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1024 ** 3 });
  const found = new Map<string, StoredStatus>();
  for (const line of stdout.split("\n").filter(Boolean)) {
    const { userKey, planStatus } = JSON.parse(line) as { userKey: string; planStatus: ExportedStatus };
    if (found.has(userKey)) {
      throw new Error(`${userKey} is in the export twice`);
    }
    found.set(userKey, { title: planStatus.title, version: microsOf(planStatus.updateTime) });
  }
  return found;
}

type ExportedStatus = { readonly title: string; readonly updateTime: string };

/** Parses RFC 3339 in UTC, with up to nine fractional digits, into microseconds. */
function microsOf(text: string): number {
  const [, seconds = "", fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  const { seconds: whole } = timestampFromDate(new Date(`${seconds}Z`));
  return Number(whole) * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function versionOf(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1e6 + time.nanos / 1000;
}
