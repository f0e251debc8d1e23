import { describe, expect, it } from "vitest";
import { serverSettings } from "../../../src/cli/options/server-settings.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { defaultLimits } from "../../../src/server/limits/server-limits.ts";

const settingsOf = (text = "") =>
  serverSettings(resolveConfig({ dataDirectory: "/data", file: { name: "mdps.yaml", text } }).config);

describe("serverSettings", () => {
  it("returns the defaults for an empty configuration", () => {
    expect(settingsOf()).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      dataDirectory: "/data",
      store: undefined,
      cacheBytes: 16 * 1024 * 1024,
      clockSkewMs: 60_000,
      admin: undefined,
      drainDelayMs: 0,
      graceMs: 10_000,
      log: { level: "info" },
      workers: 1,
    });
    expect(settingsOf().limits).toEqual(defaultLimits);
  });

  it("converts durations to milliseconds and operator rates to a map", () => {
    const { limits } = settingsOf(`
limits:
  maxEventLoopDelay: 0s
  idleTimeout: 0.5s
  operatorRate: { perSecond: 0.5 }
  operatorRates: [{ asn: 65001, rate: { perSecond: 20.5 } }, { asn: 65002, rate: { perSecond: 2, burst: 7 } }]
`);
    expect(limits).toEqual({
      ...defaultLimits,
      maxEventLoopDelayMs: 0,
      idleTimeoutMs: 500,
      operatorRate: { perSecond: 0.5, burst: 1 },
      operatorRates: new Map([
        [65001, { perSecond: 20.5, burst: 20 }],
        [65002, { perSecond: 2, burst: 7 }],
      ]),
    });
  });

  it.each([
    ["127.0.0.1:9464", { host: "127.0.0.1", port: 9464 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["localhost:1", { host: "localhost", port: 1 }],
  ])("splits the admin address %s into host and port", (listen, admin) => {
    expect(settingsOf(`admin: { listen: "${listen}" }`).admin).toEqual(admin);
  });
});
