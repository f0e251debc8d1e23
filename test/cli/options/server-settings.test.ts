import { describe, expect, it } from "vitest";
import { serverSettings } from "../../../src/cli/options/server-settings.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { defaultLimits } from "../../../src/server/limits/server-limits.ts";

const effective = (text = "") =>
  serverSettings(resolveConfig({ dataDirectory: "/data", file: { name: "mdps.yaml", text } }).config);

describe("what a server takes", () => {
  it("is, of an empty configuration, what holds unless said otherwise", () => {
    expect(effective()).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      dataDirectory: "/data",
      store: undefined,
      cacheBytes: 16 * 1024 * 1024,
      clockSkewMs: 60_000,
      admin: undefined,
      drainDelayMs: 0,
      graceMs: 10_000,
      logLevel: "info",
      workers: 1,
    });
    expect(effective().limits).toEqual(defaultLimits);
  });

  it("has limits in milliseconds, and rates by operator", () => {
    const { limits } = effective(`
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
  ])("has the admin address %s in parts", (listen, admin) => {
    expect(effective(`admin: { listen: "${listen}" }`).admin).toEqual(admin);
  });
});
