import { Code, ConnectError } from "@connectrpc/connect";
import { CallView } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { msOf } from "../../emulator/durations.ts";
import type { CallSource } from "./call-feed.ts";
import { type CallFilters, requestFilters } from "./call-filters.ts";
import { rowOf } from "./call-row.ts";

/** Calls of a page: what fits in the first view, and of older pages what is read at once. */
const firstPageSize = 200;
const pageSize = 1_000;

const view = CallView.BASIC;

/** Returns the calls of the emulator that match. */
export function emulatorSource(filters: CallFilters): CallSource {
  const filter = requestFilters(filters);
  return {
    async list(pageToken, signal) {
      const size = pageToken === "" ? firstPageSize : pageSize;
      const page = await emulator.listCalls({ ...filter, view, pageSize: size, pageToken }, { signal });
      return {
        rows: page.calls.map(rowOf),
        next: page.nextPageToken,
        dropped: Number(page.droppedCalls),
      };
    },
    async *watch(after, signal) {
      const afterCall = `calls/${after}`;
      const items = emulator.watchCalls({ ...filter, view, afterCall }, { signal });
      for await (const { call, missedCalls } of items) {
        if (call) {
          yield { row: rowOf(call), missed: Number(missedCalls) };
        }
      }
    },
    async holds(row, signal) {
      try {
        const found = await emulator.getCall({ name: `calls/${row.number}` }, { signal });
        return found.requestId === row.requestId && msOf(found.receiveTime) === row.receivedAtMs;
      } catch (cause) {
        if (ConnectError.from(cause).code === Code.NotFound) {
          return false;
        }
        throw cause;
      }
    },
  };
}
