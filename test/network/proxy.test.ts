import { describe, expect, it } from "vitest";
import { proxyFor } from "../../src/network/proxy.ts";

const url = new URL("https://mdps.example.com/v1");

describe("proxyFor", () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ["none if the environment names none", {}, undefined],
    ["HTTPS_PROXY", { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2" }, "a:1"],
    ["https_proxy rather than HTTPS_PROXY", { HTTPS_PROXY: "http://a:1", https_proxy: "http://b:2" }, "b:2"],
    ["HTTP_PROXY if there is no other", { HTTP_PROXY: "http://b:2" }, "b:2"],
    ["none for an empty value", { HTTPS_PROXY: "", HTTP_PROXY: "" }, undefined],
    ["the port 80 by default", { HTTPS_PROXY: "http://a" }, "a:80"],
    ["the port 443 by default with https", { HTTPS_PROXY: "https://a" }, "a:443"],
    ["a host and port without a scheme", { HTTPS_PROXY: "proxy.example.com:3128" }, "proxy.example.com:3128"],
    ["an IPv6 address", { HTTPS_PROXY: "http://[2001:db8::1]:3128" }, "[2001:db8::1]:3128"],
  ])("returns %s", (_, env, name) => {
    expect(proxyFor(url, env)?.name).toBe(name);
  });

  it("returns the user and the password, decoded, as Basic credentials", () => {
    const proxy = proxyFor(url, { HTTPS_PROXY: "http://me%40home:p%3Aw%C3%BC@a:1" });
    const [scheme, text = ""] = (proxy?.authorization ?? "").split(" ");
    expect([scheme, Buffer.from(text, "base64").toString()]).toEqual(["Basic", "me@home:p:wü"]);
  });

  it("returns no proxy for http, which this project sends to this machine only", () => {
    expect(proxyFor(new URL("http://localhost:8080"), { HTTP_PROXY: "http://a:1" })).toBeUndefined();
  });

  it("returns the proxy for https on this machine, which containers use for tests", () => {
    expect(proxyFor(new URL("https://localhost:8443"), { HTTPS_PROXY: "http://a:1" })?.name).toBe("a:1");
  });

  it.each<[string, string, boolean]>([
    ["mdps.example.com", "https://mdps.example.com", false],
    ["mdps.example.com", "https://MDPS.example.com.", false],
    ["mdps.example.com", "https://other.example.com", true],
    ["example.com", "https://mdps.example.com", false],
    [".example.com", "https://mdps.example.com", false],
    [".example.com", "https://example.com", false],
    ["*.example.com", "https://mdps.example.com", false],
    ["example.com", "https://notexample.com", true],
    ["EXAMPLE.com.", "https://mdps.example.com", false],
    ["*", "https://mdps.example.com", false],
    ["*", "https://10.1.2.3", false],
    ["a.example, mdps.example.com", "https://mdps.example.com", false],
    ["a.example mdps.example.com", "https://mdps.example.com", false],
    ["mdps.example.com:443", "https://mdps.example.com", false],
    ["mdps.example.com:8443", "https://mdps.example.com", true],
    ["mdps.example.com:8443", "https://mdps.example.com:8443", false],
    ["localhost,127.0.0.1", "https://localhost:8443", false],
    ["127.0.0.1", "https://127.0.0.1:8443", false],
    ["127.0.0.1:1", "https://127.0.0.1:8443", true],
    ["10.0.0.0/8", "https://10.1.2.3", false],
    ["10.0.0.0/8", "https://11.1.2.3", true],
    ["0.0.1", "https://127.0.0.1", true],
    ["::1", "https://[::1]:8443", false],
    ["[::1]:8443", "https://[::1]:8443", false],
    ["[::1]:1", "https://[::1]:8443", true],
    ["2001:db8::/32", "https://[2001:db8::5]", false],
    ["2001:db8::/32", "https://[2001:db9::5]", true],
    ["", "https://mdps.example.com", true],
    [",, .", "https://mdps.example.com", true],
  ])("with NO_PROXY=%s, %s uses the proxy: %s", (noProxy, target, uses) => {
    const env = { HTTPS_PROXY: "http://a:1", NO_PROXY: noProxy };
    expect(proxyFor(new URL(target), env) !== undefined).toBe(uses);
  });

  it("prefers no_proxy to NO_PROXY", () => {
    const env = { HTTPS_PROXY: "http://a:1", NO_PROXY: "*", no_proxy: "other.example.com" };
    expect(proxyFor(url, env)?.name).toBe("a:1");
  });

  it.each([
    ["http://me:secret@", "HTTPS_PROXY: must be the URL of a proxy"],
    ["http://me:sec#ret@a:1", "HTTPS_PROXY: must be the URL of a proxy"],
    ["http://a:123456", "HTTPS_PROXY: must be the URL of a proxy"],
    ["http://me:secret%@a:1", "HTTPS_PROXY: the user and the password for a:1 must be percent-encoded"],
    ["socks5://me:secret@a:1", "HTTPS_PROXY: socks5://a:1 is not supported"],
  ])("throws TypeError for %s, without the password", (value, message) => {
    const find = () => proxyFor(url, { HTTPS_PROXY: value });
    expect(find).toThrow(TypeError);
    expect(find).toThrow(message);
    expect(find).not.toThrow(/sec#?ret/);
  });
});
