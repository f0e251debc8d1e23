import { describe, expect, test } from "vitest";
import { parseCqlUrl } from "../../../src/store/cql/url.ts";
import { StoreOpenError } from "../../../src/store/plan-store.ts";

describe("the URL of a CQL store", () => {
  test("a URL has hosts, a keyspace and a data centre", () => {
    expect(parseCqlUrl("cql://node1,10.0.0.2,[::1]/plans?dc=eu-1")).toEqual({
      contactPoints: ["node1", "10.0.0.2", "[::1]"],
      port: 9042,
      keyspace: "plans",
      dc: "eu-1",
      credentials: undefined,
      tls: undefined,
    });
  });

  test("a URL may have a port, which applies to all nodes", () => {
    for (const hosts of ["node1,node2:9142", "node1:9142,node2", "node1:9142,node2:9142"]) {
      const { contactPoints, port } = parseCqlUrl(`cql://${hosts}/plans?dc=dc1`);
      expect([contactPoints, port]).toEqual([["node1", "node2"], 9142]);
    }
  });

  test("a URL may have a percent-encoded user name and password", () => {
    const { credentials } = parseCqlUrl("cql://data%3Aplan:a%2Fb%40c%25:d@node1/plans?dc=dc1");
    expect(credentials).toEqual({ username: "data:plan", password: "a/b@c%:d" });
  });

  test("a URL may enable TLS, with certificate files", () => {
    const tls = (options: string) => parseCqlUrl(`cql://node1/plans?dc=dc1&${options}`).tls;
    expect(tls("tls=false")).toBeUndefined();
    expect(tls("tls=true")).toEqual({ ca: undefined, cert: undefined, key: undefined });
    expect(tls("tls=true&ca=%2Fca.pem&cert=c.pem&key=k.pem")).toEqual({
      ca: "/ca.pem",
      cert: "c.pem",
      key: "k.pem",
    });
  });

  test.each([
    ["cql://node1", "is invalid"],
    ["sqlite:plans", "is invalid"],
    ["cql://node1/plans?dc=dc1#part", "is invalid"],
    ["cql://node1/plans", "has no dc="],
    ["cql://node1/plans?dc=", "has no dc="],
    ["cql:///plans?dc=dc1", 'invalid host ""'],
    ["cql://node1,,node2/plans?dc=dc1", 'invalid host ""'],
    ["cql://no de/plans?dc=dc1", 'invalid host "no de"'],
    ["cql://node1:/plans?dc=dc1", 'invalid host "node1:…"'],
    ["cql://node1:99999/plans?dc=dc1", "an invalid port"],
    ["cql://node1:0/plans?dc=dc1", "an invalid port"],
    ["cql://node1:1,node2:2/plans?dc=dc1", "different ports"],
    ["cql://node1/?dc=dc1", 'keyspace ""'],
    ["cql://node1/Plans?dc=dc1", 'keyspace "Plans"'],
    ["cql://node1/plans?dc=dc1&dc=dc2", '"dc" twice'],
    ["cql://node1/plans?dc=dc1&rack=r1", 'option "rack"'],
    ["cql://node1/plans?dc=dc1&tls=yes", "tls=yes"],
    ["cql://node1/plans?dc=dc1&ca=ca.pem", "without tls=true"],
    ["cql://node1/plans?dc=dc1&tls=true&cert=c.pem", "cert and key together"],
    ["cql://secret@node1/plans?dc=dc1", "without a password"],
    ["cql://:secret@node1/plans?dc=dc1", "without a password"],
    ["cql://secret:secret%@node1/plans?dc=dc1", "%25"],
    ["cql://user:secret/plans?dc=dc1", 'invalid host "user:…"'],
    ["cql://user:secret/@node1/plans?dc=dc1", "percent-encode"],
    ["cql://user:a/secret@node1?dc=dc1", "percent-encode"],
    ["cql://user:sec@ret@node1/plans?dc=dc1", "percent-encode"],
  ])("parsing %s rejects with a message that has %j", (url, why) => {
    let raised: unknown;
    try {
      parseCqlUrl(url);
    } catch (error) {
      raised = error;
    }
    expect(raised).toBeInstanceOf(StoreOpenError);
    expect((raised as Error).message).toContain(why);
    expect((raised as Error).message).not.toMatch(/secret|sec@|ret@/);
  });
});
