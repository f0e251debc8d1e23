import { mkdir, rename, rm } from "node:fs/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { watchDirectory } from "../../src/contract/watched-directory.ts";
import { createReadiness } from "../../src/server/readiness.ts";
import { dataDirectory } from "../support/data-directory.ts";

describe("the readiness of a server", () => {
  it("readiness checks ask the store at most once per second", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(5_000);
    onTestFinished(() => now.mockRestore());
    const health = vi.fn(async () => undefined);
    const ready = createReadiness({ health }, new AbortController().signal);
    await Promise.all(Array.from({ length: 100 }, ready));
    expect(health).toHaveBeenCalledTimes(1);
    now.mockReturnValue(6_000);
    await ready();
    expect(health).toHaveBeenCalledTimes(2);
  });

  it("a store that has not answered yet is not asked again", async () => {
    const answer = Promise.withResolvers<void>();
    const health = vi.fn(() => answer.promise);
    const ready = createReadiness({ health }, new AbortController().signal);
    const now = vi.spyOn(performance, "now").mockReturnValue(5_000);
    onTestFinished(() => now.mockRestore());
    const first = ready();
    now.mockReturnValue(60_000);
    const second = ready();
    answer.resolve();
    expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
    expect(health).toHaveBeenCalledTimes(1);
  });

  it("a server whose store cannot serve is not ready, and says why", async () => {
    const health = () => Promise.reject(new Error("no disk"));
    const ready = createReadiness({ health }, new AbortController().signal);
    expect(await ready()).toBe("the store cannot serve: no disk");
  });

  it("a server that is stopping is not ready, whatever the store last answered", async () => {
    const stopping = new AbortController();
    const ready = createReadiness({ health: async () => undefined }, stopping.signal);
    expect(await ready()).toBeUndefined();
    stopping.abort();
    expect(await ready()).toBe("the server is stopping");
  });

  it("a server is not ready while its data directory is removed or replaced, whatever its store is", async () => {
    const directory = await dataDirectory();
    const away = `${directory}-away`;
    const health = async () => undefined;
    const ready = createReadiness({ health }, new AbortController().signal, watchDirectory(directory));
    expect(await ready()).toBeUndefined();
    await rename(directory, away);
    expect(await ready()).toBe(
      `the directory ${directory} was removed while the server used it; put the original directory back, or restart every server that uses it`,
    );
    await mkdir(directory);
    expect(await ready()).toMatch(/was replaced while the server used it/);
    await rm(directory, { recursive: true });
    await rename(away, directory);
    expect(await ready()).toBeUndefined();
  });
});
