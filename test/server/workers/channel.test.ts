import { fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { openChannel } from "../../../src/server/workers/channel.ts";

const script = new URL("../../support/listener-worker.ts", import.meta.url);

it("a request to a process that has ended is rejected without an error event", async () => {
  const child = fork(script, [], { silent: true });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const onError = vi.fn();
  child.on("error", onError);
  const channel = openChannel(child, {});
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  const answer = channel.request("ready");
  channel.end();
  await expect(answer).rejects.toThrow("the other process has ended");
  // Node emits errors of a closed channel on the next tick.
  await setImmediate();
  expect(onError).not.toHaveBeenCalled();
});
