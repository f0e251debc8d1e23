import { describe, expect, it } from "vitest";
import { endpointOf } from "../../src/client/endpoint.ts";
import { createPlanSharingClient, readError } from "../../src/client/index.ts";
import { testCertificate } from "../support/certificates/certificate.ts";
import { parent, protocols, startTestServer } from "../support/test-server.ts";

describe("an endpoint", () => {
  it.each([
    ["production", "https://mobiledataplansharing.googleapis.com"],
    ["preproduction", "https://preprod-mobiledataplansharing.googleapis.com"],
  ])("may be called %s", (name, url) => {
    expect(endpointOf(name)).toEqual({ url, google: true });
    expect(endpointOf(`${url}/`)).toEqual({ url, google: true });
  });

  it("may be any URL, with a path", () => {
    expect(endpointOf("https://mdps.example.com/api/")).toEqual({
      url: "https://mdps.example.com/api",
      google: false,
    });
  });

  it.each(["staging", "toString", "https://evilgoogleapis.com@", "https://"])("is not %j", (text) => {
    expect(() => endpointOf(text)).toThrow(TypeError);
  });

  it.each([
    "https://user:secret@mdps.example.com",
    "https://mdps.example.com/?key=secret",
    "https://mdps.example.com/#secret",
  ])("has nothing but a host, a port and a path, and what it has is not quoted: %s", (text) => {
    expect(() => endpointOf(text)).toThrow("must have no user, password, query or fragment");
    expect(() => endpointOf(text)).not.toThrow("secret");
  });

  it.each(protocols.filter((protocol) => protocol !== "rest"))(
    "of Google's does not speak %s",
    (protocol) => {
      const create = (endpoint: string) => () => createPlanSharingClient({ endpoint, protocol, token: "x" });
      expect(create("production")).toThrow(TypeError);
      expect(create("https://preprod-mobiledataplansharing.googleapis.com")).toThrow(
        `speaks rest only, not ${protocol}`,
      );
      expect(create("https://googleapis.com.example.com")).not.toThrow();
    },
  );

  it("that is told no protocol is spoken to over REST", async () => {
    await using server = await startTestServer();
    let url = "";
    const client = createPlanSharingClient({
      endpoint: server.url,
      token: server.token,
      interceptors: [
        (next) => async (request) => {
          const response = await next(request);
          url = response.header.get("content-type") ?? "";
          return response;
        },
      ],
    });
    await client.createPlanGroup({ parent, planGroupId: "k" });
    expect(url).toMatch(/^application\/json/);
  });
});

describe("a private authority", () => {
  it.each(protocols)("is trusted over %s when it is given, and only then", async (protocol) => {
    await using server = await startTestServer({ tls: testCertificate });
    const endpoint = `https://localhost:${server.port}`;
    const common = { endpoint, protocol, token: server.token };
    const attempts: unknown[] = [];
    const wary = createPlanSharingClient({ ...common, onAttempt: (attempt) => attempts.push(attempt) });
    const error = await wary.createPlanGroup({ parent, planGroupId: "k" }).catch((reason: unknown) => reason);
    expect(readError(error).message).toMatch(/self-signed certificate/);
    expect(attempts).toHaveLength(1);
    const client = createPlanSharingClient({ ...common, ca: testCertificate.cert });
    await client.createPlanGroup({ parent, planGroupId: "k" });
  });

  it("must be a certificate", () => {
    const create = () => createPlanSharingClient({ endpoint: "https://a.example", token: "x", ca: "ca.pem" });
    expect(create).toThrow("ca: must be one or more certificates in PEM");
  });
});
