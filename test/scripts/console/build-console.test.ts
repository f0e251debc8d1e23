import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole } from "../../../scripts/console/build-console.ts";
import { findConsoleFile } from "../../../src/emulator/console/console-files.ts";
import { makeDirectory, removeDirectory } from "../../support/data-directory.ts";

let directory: string;
let bundle: Awaited<ReturnType<typeof buildConsole>>;
beforeAll(async () => {
  directory = await makeDirectory();
  bundle = await buildConsole(directory);
});
afterAll(() => removeDirectory(directory));

const read = (name: string) => readFileSync(join(directory, name), "utf8");

describe("the console that is built", () => {
  it("has only files that the emulator serves, and no source maps", () => {
    const names = readdirSync(directory);
    const served = names.filter((name) =>
      findConsoleFile(directory, name === "index.html" ? "/" : `/console/${name}`),
    );
    expect(names).toContain("index.html");
    expect(served).toEqual(names);
    expect(names.filter((name) => name.endsWith(".map"))).toEqual([]);
  });

  it("has scripts and styles whose names have the hash by which browsers keep them", () => {
    const names = readdirSync(directory).filter((name) => /\.(js|css)$/.test(name));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      expect([name, findConsoleFile(directory, `/console/${name}`)?.isImmutable]).toEqual([name, true]);
    }
  });

  it("has a page that loads only files of it", () => {
    const sources = [...read("index.html").matchAll(/ (?:src|href)="([^"]+)"/g)].map(([, url = ""]) => url);
    expect(sources.length).toBeGreaterThan(2);
    for (const source of sources.filter((url) => !url.startsWith("data:"))) {
      expect([source, findConsoleFile(directory, source) !== undefined]).toEqual([source, true]);
    }
  });

  it("never makes code or markup of a text", () => {
    const sources = Object.keys(bundle.inputs).filter((path) => path.startsWith("src/console/"));
    expect(sources.length).toBeGreaterThan(20);
    for (const source of sources) {
      const text = readFileSync(join(import.meta.dirname, "../../..", source), "utf8");
      const risky =
        /dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|DOMParser|document\.write|\beval\(|new Function/;
      expect([source, risky.exec(text)?.[0]]).toEqual([source, undefined]);
    }
  });

  it("has the license of each npm package with code in it, and its text", () => {
    const packages = new Set(
      Object.keys(bundle.inputs).flatMap(
        (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
      ),
    );
    expect([...packages]).toEqual(expect.arrayContaining(["preact", "@bufbuild/protobuf"]));
    const sections = read("licenses.txt").split(`\n${"-".repeat(80)}\n\n`);
    const apache = sections.pop() ?? "";
    expect(apache).toMatch(/^ *Apache License\n *Version 2\.0, January 2004\n/);
    expect(apache).toContain("END OF TERMS AND CONDITIONS");
    for (const name of packages) {
      const section = sections.find((each) => each.startsWith(`${name} `)) ?? "";
      expect([name, /^\S+ \d+\.\d+\.\d+ \(/.test(section)]).toEqual([name, true]);
      // Each license has a text: its own, or that of the Apache License, with the copyright.
      expect([name, /Permission is hereby granted|Licensed under the Apache License/.test(section)]).toEqual([
        name,
        true,
      ]);
      expect([name, /Copyright/.test(section)]).toEqual([name, true]);
    }
    // A part of protobuf-es is Google's, under another license.
    expect(sections.find((each) => each.startsWith("@bufbuild/protobuf "))).toMatch(
      /Copyright 2008 Google Inc\.[\s\S]*Redistributions in binary form must reproduce the above/,
    );
    expect(sections).toHaveLength(packages.size);
  });
});
