import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLogOutput } from "../../../src/server/telemetry/log-output.ts";
import { dataDirectory } from "../../support/data-directory.ts";

/** Creates a pipe, its two ends in non-blocking mode. */
async function openPipe() {
  const path = join(await dataDirectory(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(writer));
  return { reader, writer };
}

const line = (number: number) => `${`${number}`.padEnd(99, "x")}\n`;

/** Reads what is in the pipe now. */
function readFrom(reader: number): string {
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    return chunk.toString("utf8", 0, readSync(reader, chunk));
  } catch {
    return "";
  }
}

describe.skipIf(process.platform === "win32")("the output of the log", () => {
  it("writes all lines in order", async () => {
    const { reader, writer } = await openPipe();
    onTestFinished(() => closeSync(reader));
    const output = createLogOutput(writer);
    const lines = Array.from({ length: 100 }, (_, number) => line(number));
    for (const each of lines) {
      output.write(each);
    }
    await output.flush();
    expect(readFrom(reader)).toBe(lines.join(""));
    expect(output.dropped()).toBe(0);
  });

  it("writes the lines of 5 ms at once, also if they come in several turns of the event loop", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { reader, writer } = await openPipe();
    onTestFinished(() => closeSync(reader));
    const onWrite = vi.fn();
    const output = createLogOutput(writer, onWrite);
    for (const number of [1, 2, 3]) {
      output.write(line(number));
      await setImmediate();
    }
    expect(onWrite).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5);
    await expect.poll(() => readFrom(reader)).toBe(line(1) + line(2) + line(3));
    expect(onWrite).toHaveBeenCalledTimes(1);
  });

  it("keeps at most 16 MiB for a reader that is too slow, counts further lines, and writes the kept ones later", async () => {
    const { reader, writer } = await openPipe();
    onTestFinished(() => closeSync(reader));
    const output = createLogOutput(writer);
    const kept = Math.floor((16 * 1024 * 1024) / 100);
    for (let number = 0; number < kept + 7; number += 1) {
      output.write(line(number));
    }
    expect(output.dropped()).toBe(7);
    await output.flush();
    let text = "";
    await expect
      .poll(
        () => {
          text += readFrom(reader);
          return text.length;
        },
        { interval: 0, timeout: 60_000 },
      )
      .toBe(kept * 100);
    expect(text.startsWith(line(0) + line(1))).toBe(true);
    expect(text.endsWith(line(kept - 1))).toBe(true);
    output.write(line(kept));
    await output.flush();
    expect(readFrom(reader)).toBe(line(kept));
    expect(output.dropped()).toBe(7);
  });

  it("counts the lines for a reader that has ended", async () => {
    const { reader, writer } = await openPipe();
    const output = createLogOutput(writer);
    closeSync(reader);
    output.write(line(1));
    output.write(line(2));
    await expect.poll(() => output.dropped()).toBe(2);
  });
});
