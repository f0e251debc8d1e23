import { describe, expect, it } from "vitest";
import { problemsOf, resolving } from "./resolving.ts";

const file = "/etc/mdps/mdps.yaml";

describe("problems of a configuration", () => {
  it("lists all problems with their JSON paths and the sources of the values", () => {
    const problems = problemsOf({
      file: "limits: { maxRequestBytes: 1 }\nauth: { publicUrls: ['https://a/b?c'] }",
      environment: { MDPS_LIMITS_BODY_TIMEOUT: "0s", MDPS_PORT: "http" },
      flags: { "log.level": "loud" },
    });
    expect(problems.map((problem) => problem.replace(/^(\S+: \S+: ).*/, "$1"))).toEqual([
      "MDPS_PORT: listen.port: ",
      `${file}: limits.maxRequestBytes: `,
      "MDPS_LIMITS_BODY_TIMEOUT: limits.bodyTimeout: ",
      "--log-level: log.level: ",
      `${file}: auth.publicUrls[0]: `,
    ]);
  });

  it("lists values of a wrong type", () => {
    const text = "listen: { port: {}, host: 5 }\nlimits: { maxInFlight: -1, bodyTimeout: 5 }";
    expect(problemsOf({ file: text }).map((problem) => problem.split(": ")[1])).toEqual([
      "listen.host",
      "listen.port",
      "limits.maxInFlight",
      "limits.bodyTimeout",
    ]);
  });

  it("names the settings of a cross-field rule as their source spells them", () => {
    const problem = (message: string, source: string) => [`${source}: listen: ${message}`];
    expect(problemsOf({ flags: { "listen.tlsCert": "a", "listen.host": "::" } })).toEqual(
      problem("--tls-cert and --tls-key must be set together", "--tls-cert"),
    );
    expect(problemsOf({ environment: { MDPS_TLS_KEY: "a" } })).toEqual(
      problem("MDPS_TLS_CERT and MDPS_TLS_KEY must be set together", "MDPS_TLS_KEY"),
    );
    expect(problemsOf({ file: "listen: { tlsKey: a }", flags: { "listen.port": "1" } })).toEqual(
      problem("tlsCert and tlsKey must be set together", file),
    );
  });

  it("attributes a missing value to the source of the section that requires it", () => {
    const environment = { MDPS_AUTH_INTROSPECTION_CLIENT_ID: "a" };
    expect(problemsOf({ environment })).toEqual([
      "MDPS_AUTH_INTROSPECTION_CLIENT_ID: auth.introspection.endpoint: value is required",
      expect.stringMatching(/^MDPS_AUTH_INTROSPECTION_CLIENT_ID: auth\.introspection\.clientSecret: /),
    ]);
  });

  it("reports every missing value as required", () => {
    const missing = (text: string) => problemsOf({ file: text }).map((line) => line.replace(`${file}: `, ""));
    expect(
      missing(
        "auth: { jwtIssuers: [{ accounts: [{}] }] }\nlimits: { operatorRates: [{}, { asn: 1, rate: {} }] }",
      ),
    ).toEqual([
      "auth.jwtIssuers[0].issuer: value is required",
      "auth.jwtIssuers[0].jwksUri: value is required",
      "auth.jwtIssuers[0].audiences: value is required",
      "auth.jwtIssuers[0].accounts[0].account: value is required",
      "auth.jwtIssuers[0].accounts[0].asns: value is required",
      "limits.operatorRates[0].asn: value is required",
      "limits.operatorRates[0].rate: value is required",
      "limits.operatorRates[1].rate.perSecond: value is required",
    ]);
  });

  it("rejects an admin port above 65535", () => {
    expect(problemsOf({ file: "admin: { listen: '127.0.0.1:65536' }" })).toEqual([
      `${file}: admin.listen: the port must be at most 65535`,
    ]);
  });

  it.each([
    { file: "storage: { store: [postgres://u:s3cret@h/db] }" },
    { file: "storage: { store: { postgres: s3cret } }" },
    { sets: ["storage.stores=postgres://u:s3cret@h/db"] },
    { sets: ["postgres://u:s3cret@h/db"] },
    { file: "storage: { stroe: postgres://u:s3cret@h/db }" },
  ])("does not print the password in %j", (sources) => {
    const text = problemsOf(sources).join("\n");
    expect(text).toMatch(/stor|--set/);
    expect(text).not.toContain("s3cret");
  });

  it("does not print the password in a file that is not YAML", () => {
    expect(() => resolving({ file: "storage: { store: 'postgres://u:s3cret@h/db' ]" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") }),
    );
  });
});
