import { describe, expect, it } from "vitest";
import { faultsOf, resolving } from "./resolving.ts";

const file = "/etc/mdps/mdps.yaml";

describe("what breaks a rule", () => {
  it("is told at once, in the spelling of JSON and with the source of each value", () => {
    const faults = faultsOf({
      file: "limits: { maxRequestBytes: 1 }\nauth: { publicUrls: ['https://a/b'] }",
      environment: { MDPS_LIMITS_BODY_TIMEOUT: "0s", MDPS_PORT: "http" },
      flags: { "log.level": "loud" },
    });
    expect(faults.map((fault) => fault.replace(/^(\S+: \S+: ).*/, "$1"))).toEqual([
      "MDPS_PORT: listen.port: ",
      `${file}: auth.publicUrls[0]: `,
      `${file}: limits.maxRequestBytes: `,
      "MDPS_LIMITS_BODY_TIMEOUT: limits.bodyTimeout: ",
      "--log-level: log.level: ",
    ]);
  });

  it("is told of values of a wrong type as well", () => {
    const text = "listen: { port: {}, host: 5 }\nlimits: { maxInFlight: -1, bodyTimeout: 5 }";
    expect(faultsOf({ file: text }).map((fault) => fault.split(": ")[1])).toEqual([
      "listen.host",
      "listen.port",
      "limits.maxInFlight",
      "limits.bodyTimeout",
    ]);
  });

  it("is about two settings, named as those are where the value comes from", () => {
    const fault = (name: string, place: string) => [`${place}: listen: ${name}`];
    expect(faultsOf({ flags: { "listen.tlsCert": "a", "listen.host": "::" } })).toEqual(
      fault("--tls-cert and --tls-key must be set together", "--tls-cert"),
    );
    expect(faultsOf({ environment: { MDPS_TLS_KEY: "a" } })).toEqual(
      fault("MDPS_TLS_CERT and MDPS_TLS_KEY must be set together", "MDPS_TLS_KEY"),
    );
    expect(faultsOf({ file: "listen: { tlsKey: a }", flags: { "listen.port": "1" } })).toEqual(
      fault("tlsCert and tlsKey must be set together", file),
    );
  });

  it("is something that is missing; its source is that of what stands beside it", () => {
    const environment = { MDPS_AUTH_INTROSPECTION_CLIENT_ID: "a" };
    expect(faultsOf({ environment })).toEqual([
      expect.stringMatching(/^MDPS_AUTH_INTROSPECTION_CLIENT_ID: auth\.introspection\.endpoint: /),
      expect.stringMatching(/^MDPS_AUTH_INTROSPECTION_CLIENT_ID: auth\.introspection\.clientSecret: /),
      expect.stringContaining("must be an https URL"),
    ]);
  });

  it("is a rate without its number, or an admin port beyond all ports", () => {
    expect(faultsOf({ file: "limits: { operatorRates: [{ asn: 1, rate: {} }] }" })).toEqual([
      `${file}: limits.operatorRates[0].rate.perSecond: value is required`,
    ]);
    expect(faultsOf({ file: "admin: { listen: '127.0.0.1:65536' }" })).toEqual([
      `${file}: admin.listen: its port must be at most 65535`,
    ]);
  });

  it("never has a password in it", () => {
    for (const places of [
      { file: "storage: { store: [postgres://u:s3cret@h/db] }" },
      { file: "storage: { store: { postgres: s3cret } }" },
      { sets: ["storage.stores=postgres://u:s3cret@h/db"] },
      { sets: ["postgres://u:s3cret@h/db"] },
      { file: "storage: { stroe: postgres://u:s3cret@h/db }" },
    ]) {
      const text = faultsOf(places).join("\n");
      expect(text).toMatch(/stor|--set/);
      expect(text).not.toContain("s3cret");
    }
    expect(() => resolving({ file: "storage: { store: 'postgres://u:s3cret@h/db' ]" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") }),
    );
  });
});
