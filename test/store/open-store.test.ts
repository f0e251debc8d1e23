import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openStore, rejectMemoryStore } from "../../src/store/open-store.ts";
import { StoreOpenError } from "../../src/store/plan-store.ts";

const run = promisify(execFile);

describe("openStore", () => {
  test("memory: opens a new, empty store each time", async () => {
    const [one, other] = [await openStore("memory:"), await openStore("memory:")];
    const key = { kind: "planStatus", asn: 64_500, clientId: "", id: "user" } as const;
    await one.put({ key, updateTime: undefined, expiresAtMs: undefined, value: Buffer.from("a") });
    expect(await one.get(key)).toEqual(Buffer.from("a"));
    expect(await other.get(key)).toBeUndefined();
    await Promise.all([one.close(), other.close()]);
  });

  test.each(["memory:x", "memory:/var/lib/mdps", "memory://", "memory: "])(
    "%j is rejected, because a memory store has no place",
    async (url) => {
      const opened = openStore(url);
      await expect(opened).rejects.toThrow(StoreOpenError);
      await expect(opened).rejects.toThrow("memory: takes nothing after the colon");
    },
  );

  test.each(["", "memory", "MEMORY:", "mem:", "mysql://u:s3cret@h/db"])(
    "%j is rejected with the forms of a URL, and is not quoted",
    async (url) => {
      const opened = openStore(url);
      await expect(opened).rejects.toThrow(StoreOpenError);
      await expect(opened).rejects.toThrow(
        /^a store must be sqlite:DIRECTORY, postgres:\/\/host\/database or cql:\/\/host1,host2\/keyspace\?dc=NAME, or memory: for mdps dev$/,
      );
    },
  );

  test("a memory store loads no other engine and no worker threads", async () => {
    const source = import.meta.resolve("../../src/store/open-store.ts");
    const text = `const { openStore } = await import(${JSON.stringify(source)});
      await openStore("memory:");
      console.log(process.moduleLoadList.join("\\n"));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", text]);
    const loaded = stdout.split("\n");
    expect(loaded).toContain("NativeModule timers/promises");
    expect(
      loaded.filter((name) => /worker_threads|sqlite|node:net|NativeModule (net|dns|tls)$/.test(name)),
    ).toEqual([]);
  });
});

test("rejectMemoryStore rejects every URL of the scheme memory, and says what to use", () => {
  for (const url of ["memory:", "memory:x"]) {
    expect(() => rejectMemoryStore(url)).toThrow(StoreOpenError);
    expect(() => rejectMemoryStore(url)).toThrow(/only for mdps dev.*use sqlite:DIRECTORY, postgres:/);
  }
  for (const url of ["sqlite:memory:", "postgres://memory/db", "cql://memory/db?dc=a"]) {
    expect(rejectMemoryStore(url)).toBeUndefined();
  }
});
