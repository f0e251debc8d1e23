import { describe, expect, test } from "vitest";
import { type PutOutcome, StoreUnavailable } from "../../../src/store/plan-store.ts";
import type {
  PostgresConnection,
  PostgresRows,
  PostgresStatement,
} from "../../../src/store/postgres/connection.ts";
import { putBatch } from "../../../src/store/postgres/puts.ts";
import { recordOf } from "./places.ts";

const now = 1000;
const stored: PutOutcome = { outcome: "stored" };

describe("putBatch", () => {
  /** Returns a connection that answers each statement with the next rows or error. */
  function answering(
    ...answers: (PostgresRows | Error)[]
  ): PostgresConnection & { readonly asked: string[] } {
    const asked: string[] = [];
    async function run({ name }: PostgresStatement): Promise<PostgresRows> {
      asked.push(name);
      const answer = answers.shift() as PostgresRows | Error;
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    }
    return {
      asked,
      run,
      read: run,
      connect: () => Promise.reject(new Error("not needed")),
      end: () => Promise.resolve(),
    };
  }
  const timed = (id: string) => recordOf(id, { updateTime: { seconds: 5, nanos: 5 } });
  const failure = (code: string) => Object.assign(new Error(`state ${code}`), { code });

  test("putBatch retries a stale record if the newer version is gone when it is read", async () => {
    const connection = answering([["2"]], [], []);
    expect(await putBatch(connection, "", [timed("a"), timed("b")], now)).toEqual([stored, stored]);
    expect(connection.asked).toEqual(["upsert", "orders", "upsert"]);
  });

  test("putBatch never reports a record as stale because of an equal or older one", async () => {
    const connection = answering([["1"]], [["1", "5", "5"]], [["1"]], [["1", "5", "6"]]);
    expect(await putBatch(connection, "", [timed("a")], now)).toEqual([
      { outcome: "stale", storedUpdateTime: { seconds: 5, nanos: 6 } },
    ]);
  });

  test("putBatch reports stored records even if the connection is lost while stale ones are read", async () => {
    const lost = new StoreUnavailable("lost");
    expect(await putBatch(answering([["1"]], lost), "", [timed("a"), timed("b")], now)).toEqual([
      lost,
      stored,
    ]);
  });

  test("putBatch tries a statement that a deadlock has ended three times in all", async () => {
    const deadlock = failure("40P01");
    expect(await putBatch(answering(deadlock, deadlock, []), "", [timed("a")], now)).toEqual([stored]);
    await expect(putBatch(answering(deadlock, deadlock, deadlock), "", [timed("a")], now)).rejects.toThrow(
      new StoreUnavailable("PostgreSQL failed: state 40P01"),
    );
  });

  test("putBatch does not split a batch that failed because the disk is full", async () => {
    const connection = answering(failure("53100"));
    await expect(putBatch(connection, "", [timed("a"), timed("b")], now)).rejects.toThrow(StoreUnavailable);
    expect(connection.asked).toEqual(["upsert"]);
  });
});
