import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Fault_Cut as Cut,
  FaultSchema,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  ListDevicesResponseSchema,
  ListFaultsResponseSchema,
  ListRecordsResponseSchema,
} from "../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { startTestEmulator, type TestEmulator } from "../support/emulator/test-emulator.ts";
import { testTime } from "../support/test-clock.ts";
import { parent } from "../support/test-server.ts";

/** Many gRPC clients read no larger messages unless they are told to. */
const grpcDefaultBytes = 4 * 1024 * 1024;

/** Items with keys of the longest kind: three bytes in each of 4096 characters. */
const count = 400;
const longKey = (index: number) => String(index).padEnd(4096, "\u20ac");

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator({
    start: {
      load: async ({ store }) => {
        for (let index = 0; index < count; index++) {
          await store.put({
            key: { kind: "planGroup", asn: 65001, clientId: "", id: longKey(index) },
            updateTime: undefined,
            expiresAtMs: undefined,
            value: toBinary(
              PlanGroupSchema,
              create(PlanGroupSchema, { lastUpdatedTime: timestampFromMs(testTime) }),
            ),
          });
        }
      },
    },
  });
  const { devices, faults } = emulator.state;
  for (let index = 0; index < count; index++) {
    devices.register(65001, longKey(index), testTime);
    faults.add(
      create(FaultSchema, {
        match: { userKey: longKey(index) },
        effect: { case: "cut", value: Cut.BEFORE_ANSWER },
      }),
    );
  }
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});

type Page = { keys: readonly string[]; bytes: number; nextPageToken: string };
type Asked = { pageSize: number; pageToken: string };

const lists: Record<string, (asked: Asked) => Promise<Page>> = {
  async ListRecords(asked) {
    const page = await emulator.control("grpc").listRecords(asked);
    const keys = page.records.map(({ userKey }) => userKey);
    return { ...page, keys, bytes: toBinary(ListRecordsResponseSchema, page).length };
  },
  async ListDevices(asked) {
    const page = await emulator.control("grpc").listDevices({ ...asked, parent });
    const keys = page.devices.map(({ userKey }) => userKey);
    return { ...page, keys, bytes: toBinary(ListDevicesResponseSchema, page).length };
  },
  async ListFaults(asked) {
    const page = await emulator.control("grpc").listFaults(asked);
    const keys = page.faults.map(({ match }) => match?.userKey ?? "");
    return { ...page, keys, bytes: toBinary(ListFaultsResponseSchema, page).length };
  },
};

describe.each(Object.entries(lists))("%s", (_, list) => {
  it("returns every item once, in pages that gRPC clients read by default, however long the keys", async () => {
    const found: string[] = [];
    const sizes: number[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 1_000, pageToken });
      found.push(...page.keys);
      sizes.push(page.bytes);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(Math.max(...sizes)).toBeLessThanOrEqual(grpcDefaultBytes);
    expect(found).toHaveLength(count);
    expect(new Set(found).size).toBe(count);
  });
});
