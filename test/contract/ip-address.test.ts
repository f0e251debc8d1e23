import { describe, expect, it } from "vitest";
import {
  canonicalAddress,
  createNetworkCheck,
  holderOf,
  parseNetwork,
} from "../../src/contract/ip-address.ts";

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:C000:0201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
  ["::192.0.2.1", "::192.0.2.1"],
  ["fe80::1%eth0", "fe80::1"],
])("the canonical form of %s is %s", (text, expected) => {
  expect(canonicalAddress(text)).toBe(expected);
});

it.each([
  "",
  "localhost",
  "192.0.2",
  "192.0.2.256",
  "010.0.0.1",
  "0x7f.0.0.1",
  "2130706433",
  "192.0.2.1:80",
  " 192.0.2.1",
  "[2001:db8::1]",
  "2001:db8::1::2",
  "12001:db8::1",
  '::1%"\n',
])("%j is not an address", (text) => {
  expect(canonicalAddress(text)).toBeUndefined();
});

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["::192.0.2.1", "0:0:0:0::/64"],
  ["1::5:6:7:8", "1:0:0:0::/64"],
  ["2:3:4::", "2:3:4:0::/64"],
])("the holder of %s is counted as %s", (address, expected) => {
  expect(holderOf(address)).toBe(expected);
});

describe("a network", () => {
  it.each([
    ["10.0.0.0/8", ["10.255.0.1"], ["11.0.0.1", "::10.0.0.1"]],
    ["10.1.2.3/8", ["10.255.0.1"], ["11.0.0.1"]],
    ["192.0.2.1", ["192.0.2.1"], ["192.0.2.2", "::1"]],
    ["192.0.2.1/32", ["192.0.2.1"], ["192.0.2.2"]],
    ["::ffff:192.0.2.1", ["192.0.2.1"], ["192.0.2.2"]],
    ["::ffff:10.0.0.0/104", ["10.255.0.1"], ["11.0.0.1"]],
    ["2001:DB8::/32", ["2001:db8:ffff::1"], ["2001:db9::1", "192.0.2.1"]],
    ["::1", ["::1"], ["::2", "127.0.0.1"]],
  ])("%s has its own addresses and no others", (text, inside, outside) => {
    const network = parseNetwork(text);
    const has = createNetworkCheck(network ? [network] : []);
    expect(inside.map(has)).toEqual(inside.map(() => true));
    expect(outside.map(has)).toEqual(outside.map(() => false));
  });

  it.each([
    "0.0.0.0/0",
    "::/0",
    "::ffff:0.0.0.0/96",
    "::ffff:10.0.0.0/90",
    "10.0.0.0/33",
    "2001:db8::/129",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/8/8",
    "10.*",
    "proxy.example.com",
    "fe80::1%eth0",
    "",
  ])("%j is not a network", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});
