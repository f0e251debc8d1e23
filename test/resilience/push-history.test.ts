import { describe, expect, it } from "vitest";
import { createPushHistory, type StoredStatus } from "./push-history.ts";

const of = ({ version, title }: StoredStatus) => ({ version, title });

describe("createPushHistory", () => {
  it("compare accepts the acknowledged status, or a later push of unknown outcome", () => {
    const history = createPushHistory();
    const first = history.next("a");
    history.acknowledge(first);
    const later = history.next("a");
    expect(history.compare(new Map([["a", of(first)]]))).toEqual([]);
    expect(history.compare(new Map([["a", of(later)]]))).toEqual([]);
  });

  it("compare accepts that a push of unknown outcome is missing", () => {
    const history = createPushHistory();
    history.next("a");
    expect(history.compare(new Map())).toEqual([]);
  });

  it("compare reports an acknowledged status that is missing", () => {
    const history = createPushHistory();
    const push = history.next("a");
    history.acknowledge(push);
    expect(history.compare(new Map())).toEqual([`a: lost; version ${push.version} was acknowledged`]);
  });

  it("compare reports a status older than an acknowledged one, even if the older push was acknowledged last", () => {
    const history = createPushHistory();
    const [older, newer] = [history.next("a"), history.next("a")];
    history.acknowledge(newer);
    history.acknowledge(older);
    expect(history.compare(new Map([["a", of(older)]]))).toEqual([
      `a: has version ${older.version}, but ${newer.version} was acknowledged`,
    ]);
  });

  it("compare reports statuses that were never sent: another user, another version, or other content", () => {
    const history = createPushHistory();
    const push = history.next("a");
    const found = (userKey: string, status: StoredStatus) => history.compare(new Map([[userKey, status]]));
    expect(found("b", of(push))).toEqual(["b: exists, but was never sent"]);
    expect(found("a", { ...of(push), version: push.version + 1 })).toEqual([
      `a: has version ${push.version + 1}, which was never sent`,
    ]);
    expect(found("a", { ...of(push), title: "torn" })).toEqual([
      `a: differs from what was sent with version ${push.version}: torn`,
    ]);
  });

  it("next gives every push a later version, even if the clock stops or goes back", () => {
    const times = [5, 5, 3, 6];
    const history = createPushHistory(() => times.shift() ?? 0);
    const versions = ["a", "b", "a", "a"].map((userKey) => history.next(userKey).version);
    expect(versions).toEqual([5000, 5001, 5002, 6000]);
  });
});
