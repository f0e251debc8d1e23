import { describe, expect, it } from "vitest";
import { endpointOf } from "../../src/client/endpoint.ts";
import { createPlanSharingClient, readError } from "../../src/client/index.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { parent, protocols, startTestServer } from "../support/test-server.ts";

describe("endpointOf", () => {
  it.each([
    ["production", "https://mobiledataplansharing.googleapis.com"],
    ["preproduction", "https://preprod-mobiledataplansharing.googleapis.com"],
  ])("endpointOf returns the URL of Google's %s host by name and by URL", (name, url) => {
    expect(endpointOf(name)).toEqual({ url, google: true });
    expect(endpointOf(`${url}/`)).toEqual({ url, google: true });
  });

  it("endpointOf accepts a URL with a path and drops its trailing slash", () => {
    expect(endpointOf("https://mdps.example.com/api/")).toEqual({
      url: "https://mdps.example.com/api",
      google: false,
    });
  });

  it.each(["staging", "toString", "https://evilgoogleapis.com@", "https://"])(
    "endpointOf throws TypeError for %j",
    (text) => {
      expect(() => endpointOf(text)).toThrow(TypeError);
    },
  );

  it.each([
    ["prod", "production"],
    ["Production", "production"],
    ["pre-production", "preproduction"],
    ["preprod", "preproduction"],
    ["mdps.example.com", "https://mdps.example.com"],
    ["mdps.example.com:8443/api", "https://mdps.example.com:8443/api"],
    ["localhost:8080", "http://localhost:8080"],
    ["127.0.0.1", "http://127.0.0.1"],
  ])("endpointOf asks for %s whether %s was meant", (text, meant) => {
    expect(() => endpointOf(text)).toThrow(`; did you mean ${meant}?`);
  });

  it.each(["staging", "user:secret@mdps.example.com", "http://mdps.example.com", "", "p"])(
    "endpointOf suggests nothing for %j",
    (text) => {
      expect(() => endpointOf(text)).not.toThrow("did you mean");
    },
  );

  it.each([
    "https://user:secret@mdps.example.com",
    "https://mdps.example.com/?key=secret",
    "https://mdps.example.com/#secret",
  ])("endpointOf rejects %s, which has more than a host, a port and a path, without quoting it", (text) => {
    expect(() => endpointOf(text)).toThrow("must have no user, password, query or fragment");
    expect(() => endpointOf(text)).not.toThrow("secret");
  });

  it.each(protocols.filter((protocol) => protocol !== "rest"))(
    "createPlanSharingClient throws TypeError for %s to Google's hosts",
    (protocol) => {
      const create = (endpoint: string) => () => createPlanSharingClient({ endpoint, protocol, token: "x" });
      expect(create("production")).toThrow(TypeError);
      expect(create("https://preprod-mobiledataplansharing.googleapis.com")).toThrow(
        `speaks rest only, not ${protocol}`,
      );
      expect(create("https://googleapis.com.example.com")).not.toThrow();
    },
  );

  it("the client uses REST if no protocol is given", async () => {
    await using server = await startTestServer();
    let contentType = "";
    const client = createPlanSharingClient({
      endpoint: server.url,
      token: server.token,
      interceptors: [
        (next) => async (request) => {
          const response = await next(request);
          contentType = response.header.get("content-type") ?? "";
          return response;
        },
      ],
    });
    await client.createPlanGroup({ parent, planGroupId: "k" });
    expect(contentType).toMatch(/^application\/json/);
  });
});

describe("the option ca", () => {
  it.each(protocols)(
    "the option ca makes the client trust a private authority over %s, which it does not trust without",
    async (protocol) => {
      await using server = await startTestServer({ tls: testCertificate });
      const endpoint = `https://localhost:${server.port}`;
      const common = { endpoint, protocol, token: server.token };
      const attempts: unknown[] = [];
      const untrusting = createPlanSharingClient({
        ...common,
        onAttempt: (attempt) => attempts.push(attempt),
      });
      const error = await untrusting
        .createPlanGroup({ parent, planGroupId: "k" })
        .catch((reason: unknown) => reason);
      expect(readError(error).message).toMatch(
        /self-signed certificate; to trust it, pass the certificate as ca \(--ca FILE\)$/,
      );
      expect(attempts).toHaveLength(1);
      const client = createPlanSharingClient({ ...common, ca: testCertificate.cert });
      await client.createPlanGroup({ parent, planGroupId: "k" });
    },
  );

  it("createPlanSharingClient throws if the option ca is not a certificate", () => {
    const create = () => createPlanSharingClient({ endpoint: "https://a.example", token: "x", ca: "ca.pem" });
    expect(create).toThrow("ca: must be one or more certificates in PEM");
  });
});
