import { describe, expect, it } from "vitest";
import { createLedger, type Found } from "./ledger.ts";

const of = ({ version, title }: Found) => ({ version, title });

describe("the ledger", () => {
  it("finds nothing wrong with what was acknowledged, or with a later push of unknown outcome", () => {
    const ledger = createLedger();
    const first = ledger.next("a");
    ledger.acknowledge(first);
    const later = ledger.next("a");
    expect(ledger.compare(new Map([["a", of(first)]]))).toEqual([]);
    expect(ledger.compare(new Map([["a", of(later)]]))).toEqual([]);
  });

  it("finds nothing wrong with a push of unknown outcome that is missing", () => {
    const ledger = createLedger();
    ledger.next("a");
    expect(ledger.compare(new Map())).toEqual([]);
  });

  it("finds a lost record", () => {
    const ledger = createLedger();
    const push = ledger.next("a");
    ledger.acknowledge(push);
    expect(ledger.compare(new Map())).toEqual([`a: lost; ${push.version} was acknowledged`]);
  });

  it("finds a record that is older than an acknowledged one, whichever was acknowledged last", () => {
    const ledger = createLedger();
    const [older, newer] = [ledger.next("a"), ledger.next("a")];
    ledger.acknowledge(newer);
    ledger.acknowledge(older);
    expect(ledger.compare(new Map([["a", of(older)]]))).toEqual([
      `a: is of ${older.version}, but ${newer.version} was acknowledged`,
    ]);
  });

  it("finds records that nobody sent: of another user, of another time, with another content", () => {
    const ledger = createLedger();
    const push = ledger.next("a");
    const found = (userKey: string, record: Found) => ledger.compare(new Map([[userKey, record]]));
    expect(found("b", of(push))).toEqual(["b: is there, but nothing was ever sent for it"]);
    expect(found("a", { ...of(push), version: push.version + 1 })).toEqual([
      `a: is of ${push.version + 1}, which was never sent`,
    ]);
    expect(found("a", { ...of(push), title: "torn" })).toEqual([
      `a: is not as it was sent at ${push.version}: torn`,
    ]);
  });

  it("gives every push a later time, even if the clock stands or goes back", () => {
    const times = [5, 5, 3, 6];
    const ledger = createLedger(() => times.shift() ?? 0);
    const versions = ["a", "b", "a", "a"].map((userKey) => ledger.next(userKey).version);
    expect(versions).toEqual([5000, 5001, 5002, 6000]);
  });
});
