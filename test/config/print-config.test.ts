import { describe, expect, it } from "vitest";
import { configYaml, listConfig } from "../../src/config/print-config.ts";
import { settings } from "../../src/config/settings.ts";
import { maskPassword } from "../../src/config/shown-value.ts";
import { type Places, resolving } from "./resolving.ts";

const full: Places = {
  file: `
auth:
  jwtIssuers:
    - { issuer: "a: b # c", jwksUri: "https://a.example", audiences: [a], accounts: [{ account: x, asns: [1] }] }
  introspection: { endpoint: "https://b.example", clientId: a, clientSecretFile: secret.txt }
limits: { operatorRates: [{ asn: 1, rate: { perSecond: 0.5 } }], operatorRate: { perSecond: 10 } }
`,
  environment: { MDPS_STORE: "postgres://mdps:s3cret@db.example/mdps", MDPS_LOG_LEVEL: "warn" },
  flags: { "listen.port": "0", "listen.allowOrigins": ["https://a.example", "*"] },
  sets: ["lifecycle.drainDelay=1.5s"],
};

describe("a configuration as a file", () => {
  it("says of each value where it comes from", () => {
    const lines = configYaml(resolving(full)).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "  port: 0  # --port",
        "  host: 127.0.0.1  # default",
        "  level: warn  # MDPS_LOG_LEVEL",
        "  drainDelay: 1.5s  # --set",
        '  allowOrigins: [https://a.example, "*"]  # --allow-origin',
        "  jwtIssuers:  # /etc/mdps/mdps.yaml",
      ]),
    );
  });

  it("gives the same configuration again", () => {
    for (const places of [full, {}]) {
      const resolved = resolving(places);
      const again = resolving({ file: configYaml(resolved) });
      const values = (from: typeof resolved) => listConfig(from).map(({ path, value }) => [path, value]);
      expect(values(again)).toEqual(values(resolved));
      expect(configYaml(resolving({ file: configYaml(again) }))).toBe(configYaml(again));
    }
  });

  it("has no password, and paths that hold wherever it lies", () => {
    const text = configYaml(resolving({ ...full, sets: ["storage.data=here"] }));
    expect(text).not.toContain("s3cret");
    expect(text).toContain("store: postgres://mdps:***@db.example/mdps  # MDPS_STORE");
    expect(text).toContain("clientSecretFile: /etc/mdps/secret.txt");
    expect(text).toContain(`data: ${process.cwd()}/here  # --set`);
  });

  it("is a list with all settings for programs", () => {
    const list = listConfig(resolving(full));
    expect(list.map(({ path }) => path)).toEqual(settings.map(({ path }) => path));
    expect(list).toContainEqual({ path: "listen.port", value: 0, source: "--port" });
    expect(list).toContainEqual({ path: "listen.tlsCert", value: null, source: "default" });
    expect(JSON.stringify(list)).not.toContain("s3cret");
  });
});

describe("the URL of a store", () => {
  it.each([
    ["sqlite:/data", "sqlite:/data"],
    ["postgres://h:5432/db", "postgres://h:5432/db"],
    ["postgres://u@h/db?sslmode=require", "postgres://u@h/db?sslmode=require"],
    ["postgres://u:p@h/db", "postgres://u:***@h/db"],
    ["postgresql://:p@h/db", "postgresql://:***@h/db"],
    ["postgres://u@h/db?password=p&sslmode=require", "postgres://u@h/db?password=***&sslmode=require"],
    ["postgres://u@h/db?pass%77ord=p", "postgres://u@h/db?pass%77ord=***"],
    ["cql://u:p@h1,h2:9042/mdps?dc=a&key=k.pem", "cql://u:***@h1,h2:9042/mdps?dc=a&key=k.pem"],
    // A password that is not percent-encoded may have any of the signs that part a URL.
    ["postgres://u:p@q@h/db", "postgres:***"],
    ["postgres://u:p/q@h/db", "postgres:***"],
    ["postgres://u:p?q@h/db", "postgres:***"],
    ["postgres://u:p#q@h/db", "postgres:***"],
    ["host=h password=p", "***"],
  ])("is printed without its password: %s", (url, printed) => {
    expect(maskPassword(url)).toBe(printed);
  });
});
