import { describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { childrenOf } from "../../support/process-tree.ts";
import { startServe } from "../../support/program.ts";

/** Fails every request after the debugger listens, because its thread writes to standard error first. */
const requests = 50;

describe.skipIf(process.platform === "win32")("SIGUSR1 (skipped: Windows has no such signal)", () => {
  it.each([1, 2])(
    "SIGUSR1 opens no debugger in a server of %i processes, which serves on",
    async (workers) => {
      const {
        process: server,
        url,
        ended,
      } = await startServe(await dataDirectory(), ["--workers", String(workers)]);
      const pids = [server.pid as number, ...(workers === 1 ? [] : childrenOf(server.pid as number))];
      expect(pids).toHaveLength(workers === 1 ? 1 : workers + 1);
      for (const pid of pids) {
        process.kill(pid, "SIGUSR1");
      }
      for (let request = 0; request < requests; request++) {
        expect((await fetch(`${url}/$discovery/rest?version=v1`)).status).toBe(200);
      }
      server.kill("SIGTERM");
      expect(await ended).toMatchObject({ exitCode: 0, stderr: "" });
    },
  );
});
