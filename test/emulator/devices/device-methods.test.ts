import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { apiErrorOf } from "../../support/api-error.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { testTime } from "../../support/test-clock.ts";
import { parent, protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(async () => {
  expect(emulator.failures).toEqual([]);
  await emulator[Symbol.asyncDispose]();
});
beforeEach(() => {
  emulator.state.clock.freezeAt(testTime);
  emulator.state.devices.clear();
});

const control = () => emulator.control("connect");
const register = (userKey: string, operator = parent) =>
  control().createDevice({ parent: operator, device: { userKey } });

/** Lists the user keys of an operator by pages. */
async function list(pageSize: number, between?: (page: string[]) => unknown, operator = parent) {
  const pages: string[][] = [];
  let pageToken = "";
  do {
    const page = await control().listDevices({ parent: operator, pageSize, pageToken });
    pages.push(page.devices.map(({ userKey }) => userKey));
    await between?.(pages.at(-1) ?? []);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

describe.each(protocols)("Devices over %s", (protocol) => {
  it("are registered, listed, counted and unregistered", async () => {
    const calls = emulator.control(protocol);
    const device = await calls.createDevice({ parent, device: { userKey: "+14155550100" } });
    expect(device).toMatchObject({
      name: `${parent}/devices/+14155550100`,
      userKey: "+14155550100",
      registerTime: timestampFromMs(testTime),
    });
    expect(await calls.listDevices({ parent })).toMatchObject({ devices: [device], nextPageToken: "" });
    expect(await calls.getRegistration({})).toMatchObject({ enforced: false, deviceCount: 1 });
    await calls.deleteDevice({ name: device.name });
    expect(await calls.listDevices({ parent })).toMatchObject({ devices: [] });
    expect(await apiErrorOf(calls.deleteDevice({ name: device.name }))).toMatchObject({
      code: "NotFound",
      reason: "EMULATOR_RESOURCE_NOT_FOUND",
    });
  });
});

describe("CreateDevice", () => {
  it("changes only the time of a key that is registered", async () => {
    await register("a");
    await register("b");
    emulator.state.clock.freezeAt(testTime + 5_000);
    expect((await register("a")).registerTime).toEqual(timestampFromMs(testTime + 5_000));
    expect(await list(10)).toEqual([["a", "b"]]);
    expect(emulator.state.devices.count).toBe(2);
  });

  it("registers a key with one operator only", async () => {
    await register("a");
    expect(await list(10, undefined, "operators/65002")).toEqual([[]]);
    const call = control().deleteDevice({ name: "operators/65002/devices/a" });
    expect((await apiErrorOf(call)).reason).toBe("EMULATOR_RESOURCE_NOT_FOUND");
    expect(emulator.state.devices.count).toBe(1);
  });

  it("ignores the name and the time of the request", async () => {
    const device = { name: "operators/1/devices/x", userKey: "a", registerTime: timestampFromMs(1) };
    expect(await control().createDevice({ parent, device })).toMatchObject({
      name: `${parent}/devices/a`,
      registerTime: timestampFromMs(testTime),
    });
  });

  it.each([
    ["a/b", "a%2Fb"],
    ["50%", "50%25"],
    ["%2F", "%252F"],
    ["%252F", "%25252F"],
    ["a?b#c&d=e", "a?b#c&d=e"],
    ["+1415", "+1415"],
    ["ключ😀", "ключ😀"],
  ])("writes the key %s as %s in the name, by which REST deletes it", async (userKey, escaped) => {
    const { body } = await emulator.rest("POST", `${parent}/devices`, { userKey });
    const name = `${parent}/devices/${escaped}`;
    expect(body).toMatchObject({ name, userKey });
    const path = `${parent}/devices/${encodeURIComponent(escaped)}`;
    expect(await emulator.rest("DELETE", path)).toEqual({ status: 200, body: {} });
    expect(emulator.state.devices.count).toBe(0);
  });

  it.each([
    "",
    " ",
    "a b",
    "a\n",
    "a\u0000",
    "a\u00a0",
    "a\u200b",
    "a\u00ad",
    "\ufeff",
    "\u2800",
    "x".repeat(4097),
  ])("rejects the user key %j, as a push does", async (userKey) => {
    expect((await apiErrorOf(register(userKey))).fields).toEqual(["device.userKey"]);
  });

  it.each([
    "",
    "operators/0",
    "operators/4294967296",
    "operators/065001",
    "operators/x",
    "operators/-",
    "65001",
  ])("rejects the operator %j", async (operator) => {
    expect((await apiErrorOf(register("a", operator))).fields).toEqual(["parent"]);
    expect((await apiErrorOf(control().listDevices({ parent: operator }))).fields).toEqual(["parent"]);
  });

  it("rejects a request without a device", async () => {
    expect((await apiErrorOf(control().createDevice({ parent }))).fields).toEqual(["device"]);
  });
});

describe("The limit of devices", () => {
  it("is 100,000 for all operators together, and registered keys can be registered again", async () => {
    const { devices } = emulator.state;
    for (let index = 0; index < 100_000; index++) {
      devices.register(65_001 + (index % 2), `user-${index}`, testTime);
    }
    expect(await apiErrorOf(register("one-more"))).toMatchObject({
      code: "ResourceExhausted",
      reason: "EMULATOR_LIMIT_REACHED",
    });
    await register("user-0");
    await control().deleteDevice({ name: `${parent}/devices/user-0` });
    await register("one-more");
    expect(devices.count).toBe(100_000);
  });

  it("is reached earlier by keys of 32 Mi characters in total", async () => {
    const { devices } = emulator.state;
    const most = (32 * 1024 * 1024) / 4096;
    for (let index = 0; index < most; index++) {
      devices.register(65001, String(index).padEnd(4096, "x"), testTime);
    }
    expect(devices.count).toBe(most);
    expect((await apiErrorOf(register("a"))).reason).toBe("EMULATOR_LIMIT_REACHED");
  });
});

describe("ListDevices", () => {
  const keys = Array.from({ length: 12 }, (_, index) => `user-${index}`);
  beforeEach(async () => {
    for (const key of keys) {
      await register(key);
    }
  });

  it.each([1, 5, 11, 12, 1_000_000])("returns each device once in pages of %i", async (pageSize) => {
    const pages = await list(pageSize);
    expect(pages.flat()).toEqual(keys);
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(pageSize);
  });

  it("neither misses nor repeats a device if others are unregistered and registered meanwhile", async () => {
    let added = 0;
    const pages = await list(5, async (page) => {
      await Promise.all(page.map((key) => control().deleteDevice({ name: `${parent}/devices/${key}` })));
      if (added < 3) {
        await register(`added-${added++}`);
      }
    });
    expect(pages.flat()).toEqual([...keys, "added-0", "added-1"]);
  });

  it.each(["x", "ZGV2aWNlczow", "ZGV2aWNlczoy=", Buffer.from("records:1").toString("base64url")])(
    "rejects the page token %j",
    async (pageToken) => {
      expect((await apiErrorOf(control().listDevices({ parent, pageToken }))).fields).toEqual(["pageToken"]);
    },
  );

  it("rejects a negative page size", async () => {
    expect((await apiErrorOf(control().listDevices({ parent, pageSize: -1 }))).fields).toEqual(["pageSize"]);
  });
});

describe("DeleteDevice", () => {
  it.each([
    "",
    "a",
    `${parent}/devices/`,
    `${parent}/devices/a/b`,
    `${parent}/devices/a%`,
    `${parent}/devices/a%2f`,
    `${parent}/planGroups/a`,
    "operators/0/devices/a",
    "operators/4294967296/devices/a",
  ])("rejects the name %j", async (name) => {
    expect((await apiErrorOf(control().deleteDevice({ name }))).fields).toEqual(["name"]);
  });
});

describe("UpdateRegistration", () => {
  const patch = (body: object, mask = "") =>
    emulator.rest("PATCH", `registration${mask && `?updateMask=${mask}`}`, body);

  it.each([
    ["", true],
    ["enforced", true],
    ["*", true],
    ["enforced,deviceCount", true],
  ])("sets whether registration is enforced with the mask %j", async (mask) => {
    expect((await patch({ enforced: true }, mask)).body).toEqual({ enforced: true });
    expect((await patch({}, mask)).body).toEqual({});
  });

  it("ignores the number of devices", async () => {
    await register("a");
    expect((await patch({ enforced: true, deviceCount: 7 })).body).toEqual({
      enforced: true,
      deviceCount: 1,
    });
  });

  it.each(["deviceCount", "speed", "registration.enforced"])("rejects the mask %s", async (mask) => {
    expect(await patch({ enforced: true }, mask)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/^updateMask: must name enforced: /) } },
    });
    expect(emulator.state.devices.enforced).toBe(false);
  });

  it("rejects a request without a registration", async () => {
    expect((await apiErrorOf(control().updateRegistration({}))).fields).toEqual(["registration"]);
  });
});
