import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlanSharingProtocol } from "../../src/client/index.ts";
import type { PushRequest } from "../../src/push/input/push-request.ts";
import { createRecordParser } from "../../src/push/input/record-parser.ts";
import { hour, minute } from "./plan-statuses.ts";

/** A current status as JSON, identified by its `title`. */
export function statusJson(title: string, updatedMsAgo = minute): Record<string, unknown> {
  const now = Date.now();
  return {
    languageCode: "en-US",
    title,
    updateTime: new Date(now - updatedMsAgo).toISOString(),
    expireTime: new Date(now + hour).toISOString(),
  };
}

/** A record as a line: the request message without parent and clientId. */
export function lineOf(userKey: string, title = userKey): string {
  return JSON.stringify({ userKey, planStatus: statusJson(title) });
}

/** Writes lines to a file and returns its path. */
export async function writeLines(directory: string, lines: readonly string[]): Promise<string> {
  const file = join(directory, "input.ndjson");
  await writeFile(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

/** Lines for users `user-1` to `user-<count>`. */
export function manyLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => lineOf(`user-${index + 1}`));
}

/** Returns a valid record as the request of a protocol, by default for one client. */
export function pushRequestOf(
  line: string,
  protocol: PlanSharingProtocol,
  client: "mobiledataplan" | "any" = "mobiledataplan",
): PushRequest {
  const bytes = Buffer.from(line);
  const parse = createRecordParser({ parent: "operators/65001", client, protocol });
  const parsed = parse({ index: 1, end: bytes.length, crc: 0, bytes });
  if (!("request" in parsed)) {
    throw new Error(JSON.stringify(parsed.violations));
  }
  return parsed.request;
}
