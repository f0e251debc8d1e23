import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { PlanSharingClient } from "../../src/client/client.ts";
import { clientId, parent } from "./clients/load.ts";
import type { Found } from "./ledger.ts";
import { program } from "./served.ts";

/** Reads under way at once. */
const readers = 32;

/** Reads the record of each user over the serving API; who has none is left out. Rejects if a read fails otherwise. */
export async function readBack(
  client: PlanSharingClient,
  userKeys: readonly string[],
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
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

/** Reads every record of a data directory by `mdps export`, those that nobody asks for among them. */
export async function readExport(data: string): Promise<Map<string, Found>> {
  // A snapshot needs more room than small disks have, and nobody writes meanwhile.
  const args = [program, "export", "--no-snapshot", "--data", data];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1024 ** 3 });
  const found = new Map<string, Found>();
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

/** RFC 3339 in UTC, with up to nine digits of a second. */
function microsOf(text: string): number {
  const [, seconds = "", fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  const { seconds: whole } = timestampFromDate(new Date(`${seconds}Z`));
  return Number(whole) * 1e6 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function versionOf(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1e6 + time.nanos / 1000;
}
