import { describe, expect, it } from "vitest";
import { settings } from "../../../src/config/settings.ts";
import { at, problemsOf, resolving } from "../resolving.ts";

describe("environment variables", () => {
  it("gives every setting its own variable", () => {
    const variables = settings.map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toEqual(expect.arrayContaining(["MDPS_PORT", "MDPS_LIMITS_MAX_IN_FLIGHT"]));
  });

  it("treats an empty variable as not set", () => {
    const environment = { MDPS_PORT: "", MDPS_STORE: "", MDPS_LIMITS_X: "" };
    expect(at(resolving({ environment }), "listen.port")).toEqual([8080, "default"]);
  });

  it.each([
    ["MDPS_LIMITS_MAXINFLIGHT", "; did you mean MDPS_LIMITS_MAX_IN_FLIGHT?"],
    ["MDPS_LISTEN_PORT", "; did you mean MDPS_PORT?"],
    ["MDPS_PROT", "; did you mean MDPS_PORT?"],
    ["MDPS_NO_REFLECTION", "; did you mean MDPS_REFLECTION?"],
    ["MDPS_STORAGE_COLOUR", ""],
  ])("rejects the misspelled variable %s", (name, hint) => {
    expect(problemsOf({ environment: { [name]: "1" } })).toEqual([`${name}: unknown setting${hint}`]);
  });

  it("ignores variables that do not resemble a setting or that belong to other commands", () => {
    const environment = {
      PATH: "/bin",
      MDPS_TOKEN: "t",
      MDPS_RELEASE: "r",
      MDPS_HOSTS: "known",
      MDPS_AUTH_SECRET: "s",
      MDPS_AUTH_INTROSPECTION_ENDPOINT: "https://a.example",
      MDPS_AUTH_INTROSPECTION_CLIENT_ID: "a",
      MDPS_AUTH_INTROSPECTION_CLIENT_SECRET_ENV: "MDPS_AUTH_SECRET",
    };
    const { config } = resolving({ environment, otherVariables: new Set(["MDPS_TOKEN", "MDPS_HOSTS"]) });
    expect(config.auth?.introspection?.clientId).toBe("a");
  });

  it("ignores the variables of Kubernetes services except one that sets the port", () => {
    const environment = {
      MDPS_SERVICE_HOST: "10.0.0.1",
      MDPS_SERVICE_PORT: "8080",
      MDPS_SERVICE_PORT_HTTP: "8080",
      MDPS_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      MDPS_PORT_8080_TCP_PROTO: "tcp",
      MDPS_ADMIN_SERVICE_HOST: "10.0.0.2",
      MDPS_ADMIN_PORT: "tcp://10.0.0.2:9464",
      MDPS_ADMIN_PORT_9464_TCP_ADDR: "10.0.0.2",
    };
    expect(at(resolving({ environment }), "listen.port")).toEqual([8080, "default"]);
    expect(problemsOf({ environment: { ...environment, MDPS_PORT: "tcp://10.0.0.1:8080" } })).toEqual([
      expect.stringMatching(/^MDPS_PORT: listen\.port: .* It must be a port .*enableServiceLinks: false/),
    ]);
  });
});
