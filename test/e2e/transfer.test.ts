import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlanSharingClient } from "../../src/client/index.ts";
import { openStore } from "../../src/store/open-store.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, runProgram, startServe } from "../support/program.ts";

/** Stores empty plan groups of an operator. */
async function putGroups(directory: string, ids: readonly string[]): Promise<void> {
  const store = await openStore(`sqlite:${directory}`);
  await Promise.all(
    ids.map((id) =>
      store.put({
        key: { kind: "planGroup", asn: 65001, clientId: "", id },
        updateTime: undefined,
        expiresAtMs: undefined,
        value: new Uint8Array(0),
      }),
    ),
  );
  await store.close();
}

async function mdps(...args: string[]) {
  const outcome = await runProgram(args);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome;
}

describe("mdps export and mdps import", () => {
  it("copy the records of a running server to another one", async () => {
    const [from, to] = [await dataDirectory(), await dataDirectory()];
    const [source, target] = [await startServe(from), await startServe(to)];
    const push = createPlanSharingClient({
      endpoint: source.url,
      protocol: "connect",
      token: await printToken(from),
    });
    const ids = Array.from({ length: 200 }, (_, index) => `group-${index}`);
    await Promise.all(
      ids.map((planGroupId) => push.createPlanGroup({ parent: "operators/65001", planGroupId })),
    );

    const file = join(from, "plans.ndjson");
    const exported = await mdps("export", file, "--data", from);
    expect(exported.stderr).toMatch(
      /^200 records, digest [0-9a-f]{64}\nconsistent snapshot with everything pushed before 20\d\d-.+Z\n$/,
    );
    const [summary] = exported.stderr.split("\n");
    const imported = await mdps("import", file, "--store", `sqlite:${to}`);
    expect(imported.stderr).toBe(`${summary}: 200 stored, 0 older than the stored record, 0 expired\n`);
    expect((await mdps("export", "--sum-only", "--data", to)).stderr).toMatch(
      `${summary}\nconsistent snapshot`,
    );

    const read = createPlanSharingClient({
      endpoint: target.url,
      protocol: "connect",
      token: await printToken(to, "--access", "read"),
    });
    const name = "operators/65001/planGroups/group-199";
    expect((await read.getPlanGroup({ name })).name).toBe(name);
  });

  it("write records to standard output, and the summary to standard error", async () => {
    const directory = await dataDirectory();
    await putGroups(directory, []);
    const { stdout, stderr } = await mdps("export", "--data", directory);
    expect(stdout).toBe("");
    expect(stderr).toMatch(`0 records, digest ${"0".repeat(64)}\nconsistent snapshot`);
    const without = await mdps("export", "--no-snapshot", "--json", "--data", directory);
    expect(JSON.parse(without.stderr)).toEqual({ count: 0, digest: "0".repeat(64), snapshotTime: null });
  });

  it("export a consistent snapshot while a server stores records", async () => {
    const directory = await dataDirectory();
    await putGroups(directory, ["a", ...Array.from({ length: 10_000 }, (_, index) => `group-${index}`), "b"]);
    const server = await startServe(directory);
    const token = await printToken(directory);
    const client = createPlanSharingClient({ endpoint: server.url, protocol: "connect", token });
    let pushed = 0;
    let exporting = true;
    // Stores the first record and then the last one with the same number.
    const pushing = (async () => {
      while (exporting) {
        pushed += 1;
        const planGroup = { lastUpdatedTime: { seconds: BigInt(pushed), nanos: 0 } };
        await client.createPlanGroup({ parent: "operators/65001", planGroupId: "a", planGroup });
        await client.createPlanGroup({ parent: "operators/65001", planGroupId: "b", planGroup });
      }
    })();
    const file = join(directory, "plans.ndjson");
    await mdps("export", file, "--data", directory);
    const pushedDuringExport = pushed;
    exporting = false;
    await pushing;

    const numberOf = new Map<string, number>();
    for (const line of (await readFile(file, "utf8")).trimEnd().split("\n")) {
      const { planGroupId, planGroup } = JSON.parse(line);
      numberOf.set(planGroupId, Date.parse(planGroup.lastUpdatedTime ?? 0) / 1000);
    }
    expect(numberOf.size).toBe(10_002);
    const [a = Number.NaN, b = Number.NaN] = [numberOf.get("a"), numberOf.get("b")];
    expect([0, 1]).toContain(a - b);
    // The test is only meaningful with pushes before and after the snapshot.
    expect(b).toBeGreaterThan(0);
    expect(pushedDuringExport).toBeGreaterThan(a + 1);
  });

  it("reject the import of an incomplete export", async () => {
    const directory = await dataDirectory();
    await putGroups(directory, []);
    const file = join(directory, "plans.ndjson");
    await mdps("export", file, "--data", directory);
    const manifest = JSON.parse(await readFile(`${file}.manifest.json`, "utf8"));
    await writeFile(`${file}.manifest.json`, JSON.stringify({ ...manifest, complete: false }));
    const { exitCode, stderr } = await runProgram(["import", file, "--data", directory]);
    expect(stderr).toMatch(
      /plans\.ndjson is an incomplete export; complete it with: mdps export .* --resume\n$/,
    );
    expect(exitCode).toBe(1);
  });

  it("name the line at which an import failed, and continue with --skip", async () => {
    const directory = await dataDirectory();
    const line = (planGroupId: string) =>
      JSON.stringify({ parent: "operators/65001", planGroupId, planGroup: {} });
    const stdin = [line("a"), line("b"), "{", line("c")].join("\n");
    const { exitCode, stderr } = await runProgram(["import", "-", "--data", directory], { stdin });
    expect(stderr).toMatch(/^mdps: -: line 3: .*\. Fix the line, then continue with --skip 2\n$/);
    expect(exitCode).toBe(1);
    const fixed = stdin.replace("{\n", `${line("d")}\n`);
    const again = await runProgram(["import", "-", "--skip", "2", "--data", directory], { stdin: fixed });
    expect(again.stderr).toMatch(/: 2 stored, 0 older than the stored record, 0 expired\n$/);
    expect((await mdps("export", "--sum-only", "--data", directory)).stderr).toMatch(/^4 records/);
  });

  it("detect that a file does not match its manifest", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const client = createPlanSharingClient({
      endpoint: server.url,
      protocol: "rest",
      token: await printToken(directory),
    });
    for (const planGroupId of ["a", "b"]) {
      await client.createPlanGroup({ parent: "operators/65001", planGroupId });
    }
    const file = join(directory, "plans.ndjson");
    await mdps("export", file, "--data", directory);
    const [first] = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, `${first}\n`);
    const { exitCode, stderr } = await runProgram(["import", file, "--data", await dataDirectory()]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^1 records, .*\nmdps: .*plans\.ndjson does not match its manifest, which has 2 records/,
    );
  });

  it.each<[string, string[], RegExp]>([
    [
      "an unknown type of store",
      ["export", "--store", "mysql://me:secret@host/db"],
      /^mdps: a store must be sqlite:/,
    ],
    ["a store without a directory", ["export", "--store", "sqlite:"], /^mdps: sqlite: must be followed/],
    ["another SQLite file", ["export", "--store", "sqlite:/tmp/other.sqlite"], /always plans\.sqlite/],
    ["a file that does not exist", ["import", "/none/plans.ndjson"], /plans\.ndjson does not exist/],
    ["an invalid number of lines", ["import", "-", "--skip", "-1"], /number of lines/],
    ["--resume without a file", ["export", "--resume"], /--resume requires a file/],
    ["a SQLite store to prepare", ["store", "init", "--store", "sqlite:/tmp/x"], /only cql:\/\/ stores/],
    ["invalid replicas", ["store", "init", "--store", "cql://h/k?dc=a", "--replicas", "3"], /such as dc1=3/],
    [
      "a server with an unknown type of store",
      ["serve", "--store", "redis://me:secret@host"],
      /^mdps: a store must be sqlite:/,
    ],
    ["a cache of 0 MiB", ["serve", "--cache-mib", "0"], /whole number of MiB/],
  ])("describe the error and exit with 1: %s", async (_, args, message) => {
    const env = { XDG_DATA_HOME: await dataDirectory() };
    const { exitCode, stderr } = await runProgram(args, { env });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("secret");
    expect(stderr).not.toMatch(/\bat .+:\d+:\d+/);
    expect(exitCode).toBe(1);
  });
});

describe("memory:", () => {
  it("is rejected as a store by every command except dev", async () => {
    const data = await dataDirectory();
    const input = join(data, "none.ndjson");
    await writeFile(input, "");
    const serve = ["serve", "--port", "0", "--data", data];
    const outcomes = await Promise.all([
      runProgram([...serve, "--set", "lifecycle.workers=2"], { env: { MDPS_STORE: "memory:" } }),
      runProgram(["export", "--sum-only", "--store", "memory:"]),
      runProgram(["import", input, "--store", "memory:"]),
      runProgram(["check", "--data", data, "--store", "memory:"]),
    ]);
    for (const { exitCode, stdout, stderr } of outcomes) {
      expect(stderr).toMatch(/^mdps: memory: is only for mdps dev, because its records end with the process/);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    }
  });
});
