import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Language } from "./language.ts";
import { runLanguage } from "./run-language.ts";

const cases = ["a", "b"];
const options = { env: { MDPS_ENDPOINT: "http://127.0.0.1:1" }, cases, log: () => undefined };

/** A language whose program is this text of JavaScript. */
function fake(program: string, init: Partial<Language> = {}): Language & { workDir: string } {
  return {
    name: "Fake: 1.0.0",
    workDir: "",
    missing: () => undefined,
    async build({ workDir }) {
      this.workDir = workDir;
      writeFileSync(join(workDir, "program.mjs"), program);
      return { command: process.execPath, args: ["program.mjs"], cwd: workDir, env: { OWN: "1" } };
    },
    ...init,
  };
}

const reportAll = `
  for (const form of ["json", "binary"])
    for (const name of ["a", "b"])
      console.log(JSON.stringify({ protocol: "grpc", form, case: name, ok: true }));`;

it("passes a program that reports all, and removes what was built", async () => {
  const language = fake(reportAll);
  expect(await runLanguage(language, options)).toEqual({
    name: "Fake: 1.0.0",
    results: [{ protocol: "grpc", passed: 4, total: 4 }],
    faults: [],
  });
  expect(language.workDir).not.toBe("");
  expect(existsSync(language.workDir)).toBe(false);
});

it("gives the program its environment", async () => {
  const outcome = await runLanguage(
    fake(`if (process.env.OWN && process.env.MDPS_ENDPOINT === "http://127.0.0.1:1") {${reportAll}}`),
    options,
  );
  expect(outcome.faults).toEqual([]);
});

it("fails a program that leaves out a case", async () => {
  const { faults } = await runLanguage(fake(reportAll.replace('["a", "b"]', '["a"]')), options);
  expect(faults).toEqual(["not reported: grpc, from json, b", "not reported: grpc, from binary, b"]);
});

it("fails a program that leaves out a protocol of its language", async () => {
  const { faults } = await runLanguage(fake(reportAll, { protocols: ["grpc", "connect"] }), options);
  expect(faults).toHaveLength(4);
});

it("fails a program that ends badly, though it reported all before", async () => {
  const { faults } = await runLanguage(fake(`${reportAll} process.exitCode = 3;`), options);
  expect(faults).toEqual(["the program ended with 3"]);
});

it("ends a program that hangs, and fails it", async () => {
  const { faults } = await runLanguage(fake("setInterval(() => undefined, 1000);"), {
    ...options,
    timeoutMs: 300,
  });
  expect(faults).toEqual(["the program ended with SIGKILL", "no case was reported at all"]);
});

it("fails a language that cannot be built, by what the build said", async () => {
  const build = () => Promise.reject(new Error("no such plugin"));
  expect(await runLanguage(fake("", { build }), options)).toEqual({
    name: "Fake: 1.0.0",
    results: [],
    faults: ["no such plugin"],
  });
});

it("fails a program that is not there", async () => {
  const build = async () => ({ command: "/nowhere/program", args: [] });
  const { faults } = await runLanguage(fake("", { build }), options);
  expect(faults).toEqual(["spawn /nowhere/program ENOENT"]);
});

it("skips a language whose tools are missing, and says why", async () => {
  expect(await runLanguage(fake(reportAll, { missing: () => "fake is not installed" }), options)).toEqual({
    name: "Fake: 1.0.0",
    skipped: "fake is not installed",
    results: [],
    faults: [],
  });
});

it("builds again, in a folder that is empty, when a build fails", async () => {
  const folders: string[] = [];
  const language = fake(reportAll);
  const outcome = await runLanguage(
    {
      ...language,
      build(context) {
        folders.push(context.workDir);
        if (folders.length < 3) {
          throw new Error("the registry did not answer");
        }
        return language.build(context);
      },
    },
    options,
  );
  expect(outcome.faults).toEqual([]);
  expect(new Set(folders).size).toBe(3);
});
