import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testCertificateFiles } from "../support/certificates/certificate.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { runProgram, startProgram } from "../support/program.ts";

async function writeConfig(text: string): Promise<string> {
  const file = join(await dataDirectory(), "mdps.yaml");
  await writeFile(file, text);
  return file;
}

describe("mdps config print", () => {
  it("prints each setting from flags, environment, file or defaults, in this order", async () => {
    const file = await writeConfig(
      "listen: { port: 1, host: ::1 }\nlimits: { maxInFlight: 7 }\nclockSkew: 1s",
    );
    const env = { MDPS_CONFIG: file, MDPS_PORT: "2", MDPS_CLOCK_SKEW: "2", MDPS_LIMITS_BODY_TIMEOUT: "5s" };
    const { stdout, stderr, exitCode } = await runProgram(["config", "print", "--json", "--port", "3"], {
      env,
    });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { path: "listen.port", value: 3, source: "--port" },
        { path: "clockSkew", value: "2s", source: "MDPS_CLOCK_SKEW" },
        { path: "limits.bodyTimeout", value: "5s", source: "MDPS_LIMITS_BODY_TIMEOUT" },
        { path: "limits.maxInFlight", value: 7, source: file },
        { path: "listen.host", value: "::1", source: file },
        { path: "limits.maxConnections", value: 16_384, source: "default" },
      ]),
    );
  });

  it("prints a file that yields the same configuration, without passwords", async () => {
    const env = { MDPS_STORE: "postgres://mdps:s3cret@127.0.0.1/mdps" };
    const first = await runProgram(["config", "print", "--set", "limits.maxInFlight=9", "--no-reflection"], {
      env,
    });
    expect(first.stdout).toContain("maxInFlight: 9  # --set");
    expect(first.stdout).toContain("store: postgres://mdps:***@127.0.0.1/mdps  # MDPS_STORE");
    const file = await writeConfig(first.stdout);
    const second = await runProgram(["config", "print", "--config", file]);
    expect(second.stdout.replaceAll(/ {2}# .*/g, "")).toBe(first.stdout.replaceAll(/ {2}# .*/g, ""));
    await writeFile(file, second.stdout);
    expect((await runProgram(["config", "print", "--config", file])).stdout).toBe(second.stdout);
  });
});

describe("mdps config check", () => {
  it("accepts a valid configuration and creates nothing", async () => {
    const data = join(await dataDirectory(), "not", "yet");
    const { cert, key } = testCertificateFiles;
    const file = await writeConfig(`listen: { host: 0.0.0.0, tlsCert: ${cert}, tlsKey: ${key} }`);
    const args = ["config", "check", "--config", file, "--data", data];
    // Belongs to another command.
    const env = { MDPS_TOKEN: "t" };
    expect(await runProgram(args, { env })).toMatchObject({
      stdout: "the configuration is valid\n",
      stderr: "",
      exitCode: 0,
    });
    await expect(mkdir(data)).rejects.toThrow("ENOENT");
  });

  it("warns about entries that never match, as the server does in its log at each start", async () => {
    const file = await writeConfig('listen: { allowOrigins: ["https://*.example.com"], port: 0 }');
    const entry = "listen.allowOrigins[0]: https://*.example.com never matches";
    const args = ["--config", file, "--data", await dataDirectory()];
    const checked = await runProgram(["config", "check", ...args]);
    expect(checked).toMatchObject({ stdout: "the configuration is valid\n", exitCode: 0 });
    expect(checked.stderr).toContain(`warning: ${entry}`);
    for (const workers of ["1", "2"]) {
      const server = startProgram(["serve", ...args, "--workers", workers]);
      await server.printed(/listens on/);
      server.process.kill("SIGTERM");
      const { stderr, exitCode } = await server.ended;
      const lines = stderr.split("\n").filter((line) => line.includes(entry));
      expect(lines.map((line) => JSON.parse(line).level)).toEqual(["warn"]);
      expect(exitCode).toBe(0);
    }
  });

  it("lists all problems with the sources of the values", async () => {
    const file = await writeConfig("limits: { maxInFlite: 1, maxConnections: 0 }");
    const env = { MDPS_LIFECYCLE_DRAIN_DELAY: "2h", MDPS_LIMITS_MAXINFLIGHT: "1" };
    const { stdout, stderr, exitCode } = await runProgram(["config", "check", "--config", file], { env });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr.split("\n")).toEqual([
      "mdps: the configuration is invalid:",
      `  ${file}: limits: key "maxInFlite" is unknown; did you mean "maxInFlight"?`,
      expect.stringMatching(/^ {2}MDPS_LIFECYCLE_DRAIN_DELAY: lifecycle\.drainDelay: "2h" is invalid/),
      "  MDPS_LIMITS_MAXINFLIGHT: unknown setting; did you mean MDPS_LIMITS_MAX_IN_FLIGHT?",
      expect.stringContaining(`${file}: limits.maxConnections: `),
      "",
    ]);
  });

  it("lists all problems with the files, the directories and the address of a configuration", async () => {
    const directory = await dataDirectory();
    const blocked = join(directory, "file");
    await writeFile(blocked, "");
    await writeFile(join(directory, "secret.txt"), "s3cret");
    await chmod(join(directory, "secret.txt"), 0o644);
    const file = join(directory, "mdps.yaml");
    await writeFile(
      file,
      `
listen: { tlsCert: none.pem, tlsKey: none.pem }
auth:
  introspection: { endpoint: "https://a.example", clientId: a, clientSecretFile: secret.txt }
storage: { data: file/data, store: "mysql://h/db" }
`,
    );
    const { stderr, exitCode } = await runProgram(["config", "check", "--config", file]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${file}: listen.tlsCert: ${directory}/none.pem does not exist`);
    expect(stderr).toMatch(/clientSecretFile: .*secret\.txt can be read by others/);
    expect(stderr).toContain(`storage.data: ${blocked} is not a directory`);
    expect(stderr).toContain("storage.store: must be sqlite:DIRECTORY");
    expect(stderr).not.toContain("s3cret");
    const open = await runProgram(["config", "check", "--host", "0.0.0.0"], {
      env: { MDPS_DATA: directory },
    });
    expect(open.stderr).toMatch(
      /listen\.host: without TLS, tokens sent to 0\.0\.0\.0 can be read on the network/,
    );
  });
});

describe("mdps serve", () => {
  it.each<[string, (text: string) => Promise<{ args?: string[]; env?: Record<string, string> }>]>([
    ["the file", async (text) => ({ args: ["--config", await writeConfig(`listen: { host: ${text} }`)] })],
    ["the environment", async (text) => ({ env: { MDPS_HOST: text } })],
    ["a flag", async (text) => ({ args: ["--host", text] })],
    ["--set", async (text) => ({ args: ["--set", `listen.host=${text}`], env: { MDPS_HOST: "192.0.2.1" } })],
  ])("listens on the host that %s sets", async (_, give) => {
    const { args = [], env = {} } = await give("127.0.0.2");
    const program = startProgram(["serve", "--data", await dataDirectory(), "--json", ...args], {
      env: { MDPS_PORT: "0", ...env },
    });
    const { url } = JSON.parse(await program.printed(/\n/));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.2:\d+$/);
    const { status } = await fetch(`${url}/v1/operators/1/planGroups`, { method: "POST" });
    expect(status).toBe(401);
  });

  it("disables reflection with MDPS_REFLECTION=false", async () => {
    const { stdout } = await runProgram(["config", "print", "--json"], { env: { MDPS_REFLECTION: "false" } });
    expect(JSON.parse(stdout)).toContainEqual({
      path: "listen.reflection",
      value: false,
      source: "MDPS_REFLECTION",
    });
  });

  it("rejects the MDPS_PORT of a Kubernetes service and names enableServiceLinks", async () => {
    const { stderr, exitCode } = await runProgram(["serve"], { env: { MDPS_PORT: "tcp://10.0.0.1:8080" } });
    expect(stderr).toMatch(/^mdps: MDPS_PORT: listen\.port: .*enableServiceLinks: false/);
    expect(exitCode).toBe(1);
  });
});
