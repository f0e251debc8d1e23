import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSocket, type RawSocket } from "../../support/http/raw-socket.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/** Returns the process id of the worker that answers, or undefined if the connection is closed without an answer. */
async function askPid(socket: RawSocket): Promise<number | undefined> {
  socket.write(get);
  const answer = await socket.received(/\r\n\r\n\d+$/).catch(() => undefined);
  if (answer === undefined) {
    expect(await socket.closed()).toBe("");
    return undefined;
  }
  return Number(answer.split("\r\n\r\n")[1]);
}

async function connectionsOf(worker: Worker): Promise<number> {
  worker.send("connections");
  const [count] = await once(worker, "message");
  return count;
}

describe("workers of node:cluster", () => {
  let workers: Worker[];
  let url: string;
  let port: number;

  beforeAll(async () => {
    const exec = new URL("../../support/listener-worker.ts", import.meta.url).pathname;
    cluster.setupPrimary({ exec, execArgv: [], args: [] });
    workers = [cluster.fork(), cluster.fork()];
    const urls = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0]));
    url = urls[0];
    port = Number(new URL(url).port);
    expect(urls).toEqual([url, url]);
  });

  afterAll(() => {
    for (const worker of workers) {
      worker.process.kill("SIGKILL");
    }
  });

  it("workers of node:cluster share a port, close connections above the maximum, and stop one by one", async () => {
    // Each connection goes to the worker that is free next, which may be one that is full.
    const open: RawSocket[] = [];
    const pids: number[] = [];
    while (open.length < 4) {
      const socket = await openSocket(port);
      const pid = await askPid(socket);
      if (pid !== undefined) {
        open.push(socket);
        pids.push(pid);
      }
    }
    const [first, second] = workers as [Worker, Worker];
    const both = [first.process.pid, second.process.pid];
    expect(pids.toSorted()).toEqual([...both, ...both].toSorted());
    for (let count = 0; count < 4; count += 1) {
      expect(await askPid(await openSocket(port))).toBeUndefined();
    }

    for (const socket of open) {
      socket.destroy();
    }
    first.send("stop");
    await once(first, "disconnect");
    // A worker learns later than its client that a connection is closed.
    await expect.poll(() => connectionsOf(second)).toBe(0);
    const session = connectHttp2(url);
    const stream = session.request({ ":path": "/" });
    let answer = "";
    for await (const chunk of stream) {
      answer += chunk;
    }
    expect(Number(answer)).toBe(second.process.pid);
    session.close();
    second.send("stop");
    await once(second, "disconnect");
    await expect(openSocket(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
