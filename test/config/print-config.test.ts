import { describe, expect, it } from "vitest";
import { configYaml, listConfig } from "../../src/config/print-config.ts";
import { redactStoreUrl } from "../../src/config/redact.ts";
import { settings } from "../../src/config/settings.ts";
import { resolving, type TestSources } from "./resolving.ts";

const full: TestSources = {
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

describe("printed configuration", () => {
  it("names the source of each value in a comment", () => {
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

  it("yields the same configuration when it is read as a file", () => {
    for (const sources of [full, {}]) {
      const resolved = resolving(sources);
      const again = resolving({ file: configYaml(resolved) });
      const values = (from: typeof resolved) => listConfig(from).map(({ path, value }) => [path, value]);
      expect(values(again)).toEqual(values(resolved));
      expect(configYaml(resolving({ file: configYaml(again) }))).toBe(configYaml(again));
    }
  });

  it("redacts passwords and makes paths absolute", () => {
    const text = configYaml(resolving({ ...full, sets: ["storage.data=here"] }));
    expect(text).not.toContain("s3cret");
    expect(text).toContain("store: postgres://mdps:***@db.example/mdps  # MDPS_STORE");
    expect(text).toContain("clientSecretFile: /etc/mdps/secret.txt");
    expect(text).toContain(`data: ${process.cwd()}/here  # --set`);
  });

  it("lists all settings as JSON, including those without a value", () => {
    const list = listConfig(resolving(full));
    expect(list.map(({ path }) => path)).toEqual(settings.map(({ path }) => path));
    expect(list).toContainEqual({ path: "listen.port", value: 0, source: "--port" });
    expect(list).toContainEqual({ path: "listen.tlsCert", value: null, source: "default" });
    expect(JSON.stringify(list)).not.toContain("s3cret");
  });
});

describe("redacting the URL of a store", () => {
  it.each([
    ["sqlite:/data", "sqlite:/data"],
    ["memory:", "memory:"],
    ["postgres://h:5432/db", "postgres://h:5432/db"],
    ["postgres://u@h/db?sslmode=require", "postgres://u@h/db?sslmode=require"],
    ["postgres://u:p@h/db", "postgres://u:***@h/db"],
    ["postgresql://:p@h/db", "postgresql://:***@h/db"],
    ["postgres://u@h/db?password=p&sslmode=require", "postgres://u@h/db?password=***&sslmode=require"],
    ["postgres://u@h/db?pass%77ord=p", "postgres://u@h/db?pass%77ord=***"],
    ["cql://u:p@h1,h2:9042/mdps?dc=a&key=k.pem", "cql://u:***@h1,h2:9042/mdps?dc=a&key=k.pem"],
    // A password that is not percent-encoded may contain delimiters of a URL.
    ["postgres://u:p@q@h/db", "postgres:***"],
    ["postgres://u:p/q@h/db", "postgres:***"],
    ["postgres://u:p?q@h/db", "postgres:***"],
    ["postgres://u:p#q@h/db", "postgres:***"],
    ["host=h password=p", "***"],
  ])("redacts the password in %s", (url, printed) => {
    expect(redactStoreUrl(url)).toBe(printed);
  });
});
