import { once } from "node:events";
import { chownSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataDirectory } from "../../support/data-directory.ts";
import { runProgram } from "../../support/program.ts";

const taken = createServer();
let port: number;
beforeAll(async () => {
  await once(taken.listen(0, "127.0.0.1"), "listening");
  port = (taken.address() as AddressInfo).port;
});
afterAll(() => taken.close());

const unprivileged = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
const isRoot = process.getuid?.() === 0;
const user = 65_532;
/** Why opening port 1023 does not fail for a user other than root, or there is no such user. */
const noPrivileges =
  process.platform !== "linux" || Number(readFileSync(unprivileged, "utf8")) !== 1024
    ? " (skipped: this machine has no privileged ports)"
    : isRoot
      ? ""
      : " (skipped: starting the program as another user requires root)";

/** Returns what `mdps serve` prints before it fails. Without workers and with them, it must be the same. */
async function failureOf(args: readonly string[]): Promise<string> {
  const outcomes = await Promise.all(
    ["1", "2"].map(async (workers) =>
      runProgram(["serve", ...args, "--workers", workers, "--data", await dataDirectory()]),
    ),
  );
  const [one = "", two = ""] = outcomes.map(({ stderr }) =>
    stderr.split("\n").find((line) => /^mdps: /.test(line)),
  );
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1, 1]);
  expect(two).toBe(one);
  return one;
}

describe("mdps serve", () => {
  it("names --port when the port of the API is in use", async () => {
    expect(await failureOf(["--port", String(port)])).toBe(
      `mdps: 127.0.0.1:${port} is in use by another program. Choose another port with --port (listen.port), or --port 0 for a free one.`,
    );
  });

  it("names --admin when the admin port is in use", async () => {
    expect(await failureOf(["--port", "0", "--admin", `127.0.0.1:${port}`])).toBe(
      `mdps: 127.0.0.1:${port} is in use by another program. Choose another port with --admin (admin.listen); port 0 picks a free one.`,
    );
  });

  it.each([
    [
      "--host",
      ["--port", "0", "--allow-cleartext", "--host", "192.0.2.1"],
      "192.0.2.1:0",
      "--host (listen.host)",
    ],
    [
      "--host",
      ["--port", "0", "--allow-cleartext", "--host", "2001:db8::1"],
      "[2001:db8::1]:0",
      "--host (listen.host)",
    ],
    ["--admin", ["--port", "0", "--admin", "192.0.2.1:0"], "192.0.2.1:0", "--admin (admin.listen)"],
  ])("names %s for an address of another machine", async (_, args, address, flag) => {
    const message = await failureOf(args);
    expect(message.startsWith(`mdps: ${address} `)).toBe(true);
    expect(message).toMatch(/(is not an address of this machine|cannot be opened: .*)\. Choose an address /);
    expect(message).toContain(`with ${flag}, such as 127.0.0.1`);
  });

  it.each([
    ["--host", ["--port", "0", "--allow-cleartext", "--host", "nowhere.invalid"], "--host (listen.host)"],
    ["--admin", ["--port", "0", "--admin", "nowhere.invalid:0"], "--admin (admin.listen)"],
  ])("names %s for a host that cannot be resolved", async (_, args, flag) => {
    expect(await failureOf(args)).toMatch(
      new RegExp(`^mdps: nowhere\\.invalid:0 cannot be resolved: .*with ${flag.replace(/[()]/g, "\\$&")}`),
    );
  });

  it.skipIf(noPrivileges).each([
    ["--port", ["--port", "1023"], "--port (listen.port)"],
    ["--admin", ["--port", "0", "--admin", "127.0.0.1:1023"], "--admin (admin.listen)"],
  ])(`names %s for a port that needs a privilege${noPrivileges}`, async (_, args, flag) => {
    const data = await dataDirectory();
    chownSync(data, user, user);
    const { stderr, exitCode } = await runProgram(["serve", ...args, "--data", data], { uid: user });
    expect({ stderr, exitCode }).toEqual({
      exitCode: 1,
      stderr: `mdps: 127.0.0.1:1023 needs a privilege, as every port below 1024. Choose a port of 1024 or above with ${flag}, or give the program the capability CAP_NET_BIND_SERVICE.\n`,
    });
  });
});
