import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pinnedGo, whatIsMissing } from "../../scripts/go-tool.ts";
import { runBuf } from "../../scripts/run-buf.ts";
import { type Peer, pin } from "./peer.ts";

/** Returns why the peers in Go cannot run here, or undefined if they can. */
export const whyNoGoPeers = whatIsMissing;

/** Generates the gateway, builds the peers in Go into a folder, and returns the program. */
export function buildGoPeer(folder: string): string {
  const service = "proto/mobiledataplansharing/v1/plan_status_service.proto";
  runBuf(["generate", "--template", "bench/peers/go/buf.gen.yaml", "--path", service]);
  const program = join(folder, "peer");
  const cwd = join(import.meta.dirname, "../peers/go");
  const env = { ...process.env, ...pinnedGo };
  execFileSync("go", ["build", "-o", program, "."], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  return program;
}

/** Starts a peer in Go and pins it to processor 0. */
export async function startGoPeer(program: string, args: readonly string[]): Promise<Peer> {
  // It has one processor once it is pinned, which is after Go has counted them.
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, GOMAXPROCS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) {
      throw new Error(`${program} ${args.join(" ")} ended`);
    }
    return value;
  };
  const url = await next();
  pin(child.pid as number, 0);
  return {
    url,
    async usage() {
      child.stdin.write("usage\n");
      return { cpuMicros: Number(await next()) };
    },
    async stop() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
