import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Language } from "./language.ts";
import { runLanguage } from "./run-language.ts";

const cases = ["a", "b"];
const options = { env: { MDPS_ENDPOINT: "http://127.0.0.1:1" }, cases, log: () => undefined };

/** Creates a language whose program is the given JavaScript. */
function fake(program: string, init: Partial<Language> = {}): Language & { workDir: string } {
  return {
    name: "Fake: 1.0.0",
    code: "clone",
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

it("runLanguage passes a program that reports every case, and removes its build", async () => {
  const language = fake(reportAll);
  expect(await runLanguage(language, options)).toEqual({
    name: "Fake: 1.0.0",
    code: "clone",
    results: [{ protocol: "grpc", passed: 4, total: 4 }],
    problems: [],
  });
  expect(language.workDir).not.toBe("");
  expect(existsSync(language.workDir)).toBe(false);
});

it("runLanguage passes the environment to the program", async () => {
  const outcome = await runLanguage(
    fake(`if (process.env.OWN && process.env.MDPS_ENDPOINT === "http://127.0.0.1:1") {${reportAll}}`),
    options,
  );
  expect(outcome.problems).toEqual([]);
});

it("runLanguage fails a program that omits a case", async () => {
  const { problems } = await runLanguage(fake(reportAll.replace('["a", "b"]', '["a"]')), options);
  expect(problems).toEqual(["not reported: grpc, from json, b", "not reported: grpc, from binary, b"]);
});

it("runLanguage fails a program that omits a protocol of its language", async () => {
  const { problems } = await runLanguage(fake(reportAll, { protocols: ["grpc", "connect"] }), options);
  expect(problems).toHaveLength(4);
});

it("runLanguage fails a program that reports every case but exits with an error", async () => {
  const { problems } = await runLanguage(fake(`${reportAll} process.exitCode = 3;`), options);
  expect(problems).toEqual(["the program exited with 3"]);
});

it("runLanguage kills and fails a program that hangs", async () => {
  const { problems } = await runLanguage(fake("setInterval(() => undefined, 1000);"), {
    ...options,
    timeoutMs: 300,
  });
  expect(problems).toEqual(["the program exited with SIGKILL", "no case was reported"]);
});

it("runLanguage fails a language that cannot be built, with the error of the build", async () => {
  const build = () => Promise.reject(new Error("no such plugin"));
  expect(await runLanguage(fake("", { build }), options)).toEqual({
    name: "Fake: 1.0.0",
    code: "clone",
    results: [],
    problems: ["no such plugin"],
  });
});

it("runLanguage fails a program that does not exist", async () => {
  const build = async () => ({ command: "/nowhere/program", args: [] });
  const { problems } = await runLanguage(fake("", { build }), options);
  expect(problems).toEqual(["spawn /nowhere/program ENOENT"]);
});

it("runLanguage skips a language whose tools are missing, with the reason", async () => {
  expect(await runLanguage(fake(reportAll, { missing: () => "fake is not installed" }), options)).toEqual({
    name: "Fake: 1.0.0",
    code: "clone",
    skipped: "fake is not installed",
    results: [],
    problems: [],
  });
});

it("runLanguage retries a failed build in an empty folder", async () => {
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
  expect(outcome.problems).toEqual([]);
  expect(new Set(folders).size).toBe(3);
});

it("runLanguage runs the tests of the example in a folder of their own, with the folder of the build", async () => {
  const folders: string[][] = [];
  const testExample: Language["testExample"] = async ({ workDir, buildDir }) => {
    folders.push(readdirSync(workDir), readdirSync(buildDir));
  };
  expect((await runLanguage(fake(reportAll, { testExample }), options)).problems).toEqual([]);
  expect(folders).toEqual([[], ["program.mjs"]]);
});

it("runLanguage fails a language whose example has a failing test, with its output", async () => {
  const testExample = () => Promise.reject(new Error("1 failed"));
  const { results, problems } = await runLanguage(fake(reportAll, { testExample }), options);
  expect(results).toHaveLength(1);
  expect(problems).toEqual(["the tests of docs/examples/testing: 1 failed"]);
});
