import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSocket, type RawSocket } from "../../support/http/raw-socket.ts";

const get = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

async function askPid(socket: RawSocket): Promise<number> {
  socket.write(get);
  const [, pid] = (await socket.received(/\r\n\r\n\d+$/)).split("\r\n\r\n");
  return Number(pid);
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
    // In turn, two each.
    const sockets = await Promise.all(Array.from({ length: 4 }, () => openSocket(port)));
    const pids = await Promise.all(sockets.map(askPid));
    expect(new Set(pids)).toEqual(new Set(workers.map(({ process }) => process.pid)));
    expect(await (await openSocket(port)).closed()).toBe("");
    for (const socket of sockets) {
      socket.destroy();
    }

    const [first, second] = workers as [Worker, Worker];
    first.send("stop");
    await once(first, "disconnect");
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
