import { expect, it } from "vitest";
import { createPlaces } from "../../src/contract/places.ts";

it("an address can take a quarter of the places, and again as many once they are free", () => {
  const places = createPlaces(8);
  const first = places.take("192.0.2.1");
  expect(places.take("192.0.2.1")).toBeDefined();
  expect(places.take("192.0.2.1")).toBeUndefined();
  expect(places.taken).toBe(2);
  first?.();
  expect(places.taken).toBe(1);
  expect(places.take("192.0.2.1")).toBeDefined();
  expect(places.take("192.0.2.1")).toBeUndefined();
});

it("addresses together cannot take more places than there are", () => {
  const places = createPlaces(8);
  const takenBy = (last: number) => places.take(`192.0.2.${last}`) !== undefined;
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(takenBy)).toEqual(new Array(8).fill(true));
  expect(takenBy(9)).toBe(false);
});

it("IPv6 addresses with the same first 64 bits share their places", () => {
  const places = createPlaces(4);
  expect(places.take("2001:db8:0:1::1")).toBeDefined();
  expect(places.take("2001:db8:0:1:ffff::2")).toBeUndefined();
  expect(places.take("2001:db8:0:2::1")).toBeDefined();
});

it("clients whose address is not known any more share the places of one address", () => {
  const places = createPlaces(4);
  expect(places.take(undefined)).toBeDefined();
  expect(places.take(undefined)).toBeUndefined();
});
