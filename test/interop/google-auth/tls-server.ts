import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCertificateFiles } from "../../support/certificates/certificate.ts";

const program = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
const announcement = /^mdps listens on (\S+),/m;

/** `mdps serve` with TLS, which auth libraries and gRPC require before they send a token. */
export type TlsServer = {
  /** Such as `https://localhost:41234`. */
  readonly url: string;
  /** Runs `mdps` with the server's data directory. Returns what it prints. */
  mdps(...args: string[]): string;
  /** Creates a service account for an operator. Returns the path of its key file. */
  keyFile(name: string, asn: number): string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
};

/** Starts a server on a free port with its own data. */
export async function serveTls(): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), "mdps-google-auth-"));
  const data = join(folder, "data");
  const { cert, key } = testCertificateFiles;
  const child = spawn(
    process.execPath,
    [program, "serve", "--port", "0", "--data", data, "--tls-cert", cert, "--tls-key", key],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const address = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const found = announcement.exec(text)?.[1];
      if (found !== undefined) {
        resolve(found);
      }
    });
    ended.then(([code]) => reject(new Error(`mdps serve exited with ${code}: ${text}`)), reject);
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  const url = `https://localhost:${new URL(address).port}`;
  const mdps = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args, "--data", data], { encoding: "utf8" });
  return {
    url,
    mdps,
    keyFile(name, asn) {
      const file = join(folder, `${name}.json`);
      const account = [
        "service-account",
        "create",
        "--name",
        name,
        "--operator",
        `${asn}`,
        "--endpoint",
        url,
      ];
      writeFileSync(file, mdps(...account), { mode: 0o600 });
      chmodSync(file, 0o600);
      return file;
    },
    stop,
  };
}
