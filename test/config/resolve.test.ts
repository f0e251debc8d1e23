import { describe, expect, it } from "vitest";
import { at, problemsOf, resolving } from "./resolving.ts";

describe("layers of settings", () => {
  const file = "listen: { port: 1 }";
  const environment = { MDPS_PORT: "2" };

  it("prefers flags over the environment, the file and the default", () => {
    const flags = { "listen.port": "3" };
    expect(at(resolving({ file, environment, flags }), "listen.port")).toEqual([3, "--port"]);
    expect(at(resolving({ file, environment, sets: ["listen.port=4"] }), "listen.port")).toEqual([
      4,
      "--set",
    ]);
    expect(at(resolving({ file, environment }), "listen.port")).toEqual([2, "MDPS_PORT"]);
    expect(at(resolving({ file }), "listen.port")).toEqual([1, "/etc/mdps/mdps.yaml"]);
    expect(at(resolving({}), "listen.port")).toEqual([8080, "default"]);
  });

  it("merges settings of one section from different sources", () => {
    const resolved = resolving({
      file: "limits: { maxInFlight: 7 }",
      environment: { MDPS_LIMITS_BODY_TIMEOUT: "1.5s" },
    });
    expect(resolved.config.limits).toMatchObject({
      maxInFlight: 7,
      bodyTimeout: { seconds: 1n, nanos: 500_000_000 },
      headerTimeout: { seconds: 20n },
    });
  });

  it("replaces a list instead of extending it", () => {
    const places = {
      file: "auth: { publicUrls: ['https://file.example'] }",
      environment: { MDPS_PUBLIC_URL: "https://a.example,https://b.example" },
    };
    expect(resolving(places).config.auth?.publicUrls).toEqual(["https://a.example", "https://b.example"]);
    const flags = { "auth.publicUrls": ["https://flag.example/"] };
    expect(resolving({ ...places, flags }).config.auth?.publicUrls).toEqual(["https://flag.example"]);
    expect(resolving({ ...places, sets: ["auth.publicUrls="] }).config.auth?.publicUrls).toEqual([]);
  });

  it("replaces a setting that excludes another only from a higher layer", () => {
    const introspection = "endpoint: 'https://a.example', clientId: a, clientSecretFile: a.txt";
    const environment = { MDPS_AUTH_INTROSPECTION_CLIENT_SECRET_ENV: "SECRET" };
    const { config } = resolving({ file: `auth: { introspection: { ${introspection} } }`, environment });
    expect(config.auth?.introspection?.clientSecret).toEqual({ case: "clientSecretEnv", value: "SECRET" });
    expect(problemsOf({ file: `auth: { introspection: { ${introspection}, clientSecretEnv: A } }` })).toEqual(
      [
        expect.stringContaining(
          "clientSecretFile: cannot be combined with auth.introspection.clientSecretEnv",
        ),
        expect.stringContaining(
          "clientSecretEnv: cannot be combined with auth.introspection.clientSecretFile",
        ),
      ],
    );
  });

  it("has no defaults for an optional section that is absent", () => {
    expect(resolving({}).config.auth?.introspection).toBeUndefined();
  });

  it("ignores an invalid value that a higher layer overrides", () => {
    const environment = { MDPS_PORT: "tcp://10.0.0.1:8080" };
    expect(at(resolving({ environment, flags: { "listen.port": "3" } }), "listen.port")[0]).toBe(3);
  });
});

describe("a configuration file", () => {
  it("accepts field names of the schema but not both spellings of one key", () => {
    const text = "limits: { max_in_flight: 7 }";
    expect(resolving({ file: text }).config.limits?.maxInFlight).toBe(7);
    expect(problemsOf({ file: "limits: { max_in_flight: 7, maxInFlight: 8 }" })).toEqual([
      "/etc/mdps/mdps.yaml: limits.maxInFlight: is set twice, as maxInFlight and as max_in_flight",
    ]);
  });

  it("ignores keys without a value", () => {
    expect(resolving({ file: "listen:\n  port:\nlimits:\n" }).config.listen?.port).toBe(8080);
  });

  it("resolves paths relative to the file", () => {
    const { config } = resolving({
      file: "listen: { tlsCert: cert.pem, tlsKey: /key.pem }\nstorage: { data: ., store: 'sqlite:plans' }",
    });
    expect(config.listen).toMatchObject({ tlsCert: "/etc/mdps/cert.pem", tlsKey: "/key.pem" });
    expect(config.storage).toMatchObject({ data: "/etc/mdps", store: "sqlite:/etc/mdps/plans" });
  });

  it("lists every unknown key of a file with a suggestion", () => {
    const text = `
listen: { prot: 1, colour: red }
port: 1
limits:
  operatorRates: [{ asn: 1, rate: { perSeconds: 1 } }]
`;
    expect(problemsOf({ file: text })).toEqual([
      '/etc/mdps/mdps.yaml: listen: key "prot" is unknown; did you mean "port"?',
      '/etc/mdps/mdps.yaml: listen: key "colour" is unknown',
      '/etc/mdps/mdps.yaml: key "port" is unknown; did you mean "listen.port"?',
      '/etc/mdps/mdps.yaml: limits.operatorRates[0].rate: key "perSeconds" is unknown; did you mean "perSecond"?',
    ]);
  });

  it.each([
    ["listen: [", /line 1/],
    ["listen: {}\nlisten: {}", /line 2: Map keys must be unique/],
    ["storage: { store: !secret a }", /Unresolved tag/],
  ])("rejects a file that is not YAML and names the problem: %j", (file, message) => {
    expect(() => resolving({ file })).toThrow(message);
  });

  it("rejects a file or a section that is not an object", () => {
    expect(problemsOf({ file: "[]" })).toEqual([
      "/etc/mdps/mdps.yaml: must be an object with the keys of ServerConfig",
    ]);
    expect(problemsOf({ file: "listen: 8080" })).toEqual(["/etc/mdps/mdps.yaml: listen: must be an object"]);
  });
});

describe("texts of settings", () => {
  it.each<[string, string, unknown]>([
    ["listen.allowCleartext", "true", true],
    ["listen.reflection", "0", false],
    ["clockSkew", "5", "5s"],
    ["clockSkew", "5s", "5s"],
    ["limits.maxEventLoopDelay", "0.25s", "0.25s"],
    ["limits.operatorRate.perSecond", "0.5", 0.5],
    ["limits.operatorRates", "", []],
    ["limits.operatorRates", "[{asn: 1, rate: {perSecond: 2}}]", [{ asn: 1, rate: { perSecond: 2 } }]],
  ])("parses %s from %j", (path, text, value) => {
    expect(at(resolving({ sets: [`${path}=${text}`] }), path)).toEqual([value, "--set"]);
  });

  it.each([
    ["listen.allowCleartext", "yes", "true or false"],
    ["limits.bodyTimeout", "500", "a duration in seconds with the unit"],
    ["limits.bodyTimeout", "500ms", "a duration in seconds with the unit"],
    ["limits.maxInFlight", "-1", "a whole number"],
    ["limits.operatorRate.perSecond", "many", "a number"],
    ["admin.listen", "9464", "an address and a port, such as 127.0.0.1:9464"],
    ["admin.listen", "127.0.0.1:99999", "an address and a port, such as 127.0.0.1:9464"],
    ["storage.cacheMib", "0", "a whole number of MiB, at least 1"],
  ])("rejects %s with the text %j", (path, text, expected) => {
    expect(problemsOf({ sets: [`${path}=${text}`] })).toEqual([
      expect.stringContaining(`--set: ${path}: "${text}" is invalid. It must be ${expected}`),
    ]);
  });

  it("parses a list from values separated by commas or from JSON", () => {
    const audiences = (text: string) =>
      at(
        resolving({ sets: [`auth.introspection.audiences=${text}`], file }),
        "auth.introspection.audiences",
      )[0];
    const file =
      "auth: { introspection: { endpoint: 'https://a.example', clientId: a, clientSecretEnv: A } }";
    expect(audiences("a, b")).toEqual(["a", "b"]);
    expect(audiences('["a,b"]')).toEqual(["a,b"]);
  });
});

describe("--set", () => {
  it("uses the last --set of a path", () => {
    expect(
      at(resolving({ sets: ["lifecycle.workers=2", "lifecycle.workers=3"] }), "lifecycle.workers")[0],
    ).toBe(3);
  });

  it.each([
    ["limits.maxInflght=1", "limits.maxInflght: unknown setting; did you mean limits.maxInFlight?"],
    ["port=1", "port: unknown setting; did you mean listen.port?"],
    ["limits=1", "limits: unknown setting; did you mean limits.maxRequestBytes?"],
    ["colour=red", "colour: unknown setting"],
    ["limits.maxInFlight", "must be path=value, such as limits.maxInFlight=100"],
  ])("rejects --set %s", (set, message) => {
    expect(problemsOf({ sets: [set] })).toEqual([`--set: ${message}`]);
  });

  it("rejects --set together with the flag of the same setting", () => {
    expect(problemsOf({ flags: { "listen.port": "1" }, sets: ["listen.port=2"] })).toEqual([
      "--set: listen.port: is also set by --port",
    ]);
  });
});
