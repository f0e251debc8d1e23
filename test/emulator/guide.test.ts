import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startTestEmulator } from "../support/emulator/test-emulator.ts";

const guide = readFileSync(new URL("../../docs/emulator.md", import.meta.url), "utf8");

/** The commands of a section. */
function scriptOf(title: string): string {
  const [, section = ""] = guide.split(`\n## ${title}\n`);
  const [text = ""] = section.split("\n## ");
  return Array.from(text.matchAll(/```sh\n([\s\S]*?)```/g), ([, block]) => block).join("");
}

describe("the commands of docs/emulator.md", () => {
  it.each([
    ["The clock", 4],
    ["Registered devices", 4],
    ["What is stored", 2],
    ["Tokens", 1],
  ])("under “%s” all succeed", async (title, count) => {
    await using emulator = await startTestEmulator();
    const script = scriptOf(title)
      .replaceAll("http://127.0.0.1:8080", emulator.url)
      // Each answer is a line that begins with its status.
      .replaceAll("curl -sS", `curl -sS -w '\\n%{http_code}\\n'`);
    const { stdout } = await promisify(execFile)("bash", ["-ec", script]);
    expect(stdout.match(/^\d{3}$/gm)).toEqual(Array(count).fill("200"));
  });
});
