import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { scrape, sumOf } from "../../support/http/exposition.ts";
import { startProgram } from "../../support/program.ts";

const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

/** Starts a server that may have so many files open. Node raises the soft limit to the hard one, so both are set. */
async function serveWith(openFiles: number, ...more: string[]) {
  const script = `ulimit -n ${openFiles}; exec "$0" "$@"`;
  const args = ["serve", "--port", "0", "--admin", "127.0.0.1:0", "--json", "--data", await dataDirectory()];
  const program = startProgram([...args, ...more], { command: ["sh", "-c", script, process.execPath, main] });
  const { url, admin } = JSON.parse(await program.printed(/\n/)) as { url: string; admin: string };
  return { program, url, admin };
}

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) {
    socket.destroy();
  }
});

/** Opens connections until the server closes one. Returns how many it has kept open. */
async function openUntilClosed(url: string): Promise<number> {
  for (;;) {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    open.push(socket);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    // An answer, or the end of the connection without one.
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const answered = await new Promise<boolean>((resolve) => {
      socket.once("data", () => resolve(true));
      socket.once("close", () => resolve(false));
    });
    if (!answered) {
      return open.length - 1;
    }
  }
}

describe.skipIf(process.platform !== "linux")("mdps serve with a low limit on open files", () => {
  it("warns at its start, accepts as many connections as it can, reports that limit, and stays usable", async () => {
    const { program, url, admin } = await serveWith(256);
    expect(sumOf(await scrape(admin), "mdps_connections_limit")).toBe(128);
    // Three quarters: the share of one address.
    expect(await openUntilClosed(url)).toBe(96);
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    program.process.kill("SIGTERM");
    const { stderr } = await program.ended;
    const warnings = stderr.split("\n").filter((line) => line.includes('"level":"warn"'));
    expect(warnings.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      "the limit on open files (ulimit -n) is 256: the process accepts 128 connections instead of 16384; raise it, such as with LimitNOFILE in systemd or --ulimit of the container engine, or lower limits.maxConnections",
    ]);
  });

  it("does not warn if the limit suffices for limits.maxConnections", async () => {
    const { program, admin } = await serveWith(256, "--set", "limits.maxConnections=64");
    expect(sumOf(await scrape(admin), "mdps_connections_limit")).toBe(64);
    program.process.kill("SIGTERM");
    expect((await program.ended).stderr).not.toContain("ulimit");
  });

  it("reports the sum of what its processes accept", async () => {
    const { admin } = await serveWith(256, "--workers", "2");
    expect(sumOf(await scrape(admin), "mdps_connections_limit")).toBe(256);
  });
});
