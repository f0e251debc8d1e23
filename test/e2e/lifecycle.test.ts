import { X509Certificate } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { renewedCertificateFiles, testCertificateFiles } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { scrape, sumOf } from "../support/http/exposition.ts";
import { openSocket } from "../support/http/raw-socket.ts";
import { printToken, startServe } from "../support/program.ts";

const admin = ["--admin", "127.0.0.1:0"];
const portOf = (url: string) => Number(new URL(url).port);

/** Returns the serial number of the certificate on a new connection. */
function serialOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port: portOf(url), host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("mdps serve on SIGTERM", () => {
  it("fails /readyz while it still serves, then rejects connections, finishes calls in flight and exits", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory, [...admin, "--set", "lifecycle.drainDelay=1s"]);
    const token = await printToken(directory);
    const slow = await openSocket(portOf(server.url));
    const body = '{"planGroupId":"g"}';
    slow.write(
      `POST /v1/operators/65001/planGroups HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    );
    await slow.received(/100 Continue/);
    server.process.kill("SIGTERM");
    await expect.poll(async () => (await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
    // During the delay, requests are served with `connection: close`.
    const late = await new Promise<{ status: number | undefined; connection: string | undefined }>(
      (resolve, reject) => {
        request(`${server.url}/none`, { agent: new Agent({ keepAlive: true }) }, (response) => {
          response.resume();
          resolve({ status: response.statusCode, connection: response.headers.connection });
        })
          .on("error", reject)
          .end();
      },
    );
    expect(late).toEqual({ status: 404, connection: "close" });
    await expect
      .poll(() =>
        openSocket(portOf(server.url)).then(
          () => "open",
          () => "closed",
        ),
      )
      .toBe("closed");
    slow.write(body);
    expect(await slow.closed()).toMatch(/HTTP\/1\.1 200 OK[\s\S]*"operators\/65001\/planGroups\/g"/);
    expect(await server.ended).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
  });

  it("exits immediately on a second SIGTERM", async () => {
    const server = await startServe(await dataDirectory(), [...admin, "--set", "lifecycle.drainDelay=60s"]);
    server.process.kill("SIGTERM");
    await expect.poll(async () => (await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
    server.process.kill("SIGTERM");
    expect((await server.ended).exitCode).toBe(143);
  });
});

describe("mdps serve on SIGHUP", () => {
  it.each([
    ["with one process", []],
    ["with several processes", ["--workers", "2"]],
  ])("reloads the certificate, and keeps it if the next one is invalid, %s", async (_, workers) => {
    const directory = await dataDirectory();
    const cert = join(directory, "cert.pem");
    const key = join(directory, "key.pem");
    const use = async (files: typeof testCertificateFiles) => {
      await copyFile(files.cert, cert);
      await copyFile(files.key, key);
    };
    await use(testCertificateFiles);
    const tls = ["--tls-cert", cert, "--tls-key", key];
    const server = await startServe(join(directory, "data"), [...tls, ...admin, ...workers]);
    const old = await serialOf(server.url);

    await use(renewedCertificateFiles);
    server.process.kill("SIGHUP");
    const reloads = async (outcome: string) =>
      sumOf(await scrape(server.adminUrl), "mdps_tls_reloads_total", { outcome });
    const processes = workers.length === 0 ? 1 : 2;
    await expect.poll(() => reloads("loaded")).toBe(processes);
    // The processes accept connections in turn.
    const serials = await Promise.all(Array.from({ length: 4 }, () => serialOf(server.url)));
    const [renewed = ""] = serials;
    expect(renewed).not.toBe(old);
    expect(new Set(serials)).toEqual(new Set([renewed]));

    await copyFile(testCertificateFiles.cert, cert);
    server.process.kill("SIGHUP");
    await expect.poll(() => reloads("refused")).toBe(processes);
    expect(await serialOf(server.url)).toBe(renewed);
    const samples = await scrape(server.adminUrl);
    const { validTo } = new X509Certificate(await readFile(renewedCertificateFiles.cert));
    const notAfter = "mdps_tls_certificate_not_after_timestamp_seconds";
    expect(samples.filter(({ name }) => name === notAfter).map(({ value }) => value)).toEqual([
      Date.parse(validTo) / 1000,
    ]);
    server.process.kill("SIGTERM");
    const { exitCode, stderr } = await server.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/"msg":"reading the certificate failed"/);
  });
});
