import { describe, expect, it } from "vitest";
import { exampleNames, examples } from "../../../src/examples/index.ts";
import { startTestEmulator } from "../../support/emulator/test-emulator.ts";
import { runProgram } from "../../support/program.ts";
import { startTestServer } from "../../support/test-server.ts";

describe("mdps example", () => {
  it("prints the prepaid example with current times as the body of a push", async () => {
    const before = Date.now();
    const { stdout, stderr, exitCode } = await runProgram(["example"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const { title, updateTime } = JSON.parse(stdout);
    expect(title).toBe("ACME Plan 199");
    expect(Date.parse(updateTime)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(updateTime)).toBeLessThanOrEqual(Date.now());
  });

  it("lists every example on one line with the notifications that it sends", async () => {
    const { stdout } = await runProgram(["example", "--list"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(exampleNames);
    expect(lines.filter((line) => line.includes("NOTIFICATION_")).length).toBe(
      examples.filter(({ notifications }) => notifications.length > 0).length,
    );
  });

  it("suggests the example that was perhaps meant, and names all of them", async () => {
    const { stderr, stdout, exitCode } = await runProgram(["example", "low-qouta"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toBe(
      `mdps: there is no example "low-qouta"; did you mean low-quota?\nThe examples are ${exampleNames.join(", ")}\n`,
    );
  });

  it("prints a record that mdps validate accepts, with --record", async () => {
    const options = ["--operator", "65002", "--client", "youtube", "--user-key", "491700000001"];
    const { stdout } = await runProgram(["example", "youtube", "--record", ...options]);
    expect(stdout).toMatch(
      /^\{"parent":"operators\/65002","clientId":"youtube","userKey":"491700000001",.*\}\n$/,
    );
    const validated = await runProgram(["validate", "-"], { stdin: stdout });
    expect(validated).toMatchObject({ exitCode: 0, stderr: "" });
    expect(validated.stdout).toContain("1 records: 1 valid");
  });

  it("prints a plan group with its id as the body of its push, and not as a record", async () => {
    const { stdout } = await runProgram(["example", "plan-group", "--user-key", "491700000001"]);
    expect(JSON.parse(stdout)).toMatchObject({ planGroupId: "491700000001", planGroup: { dataPlans: [{}] } });
    const record = await runProgram(["example", "plan-group", "--record"]);
    expect(record.stderr).toMatch(/^mdps: --record: plan-group is a plan group/);
    expect(record.exitCode).toBe(1);
  });

  it("leaves the client of a record to mdps push with --client any, as the environment of a push may have it", async () => {
    const env = { MDPS_CLIENT: "any", MDPS_OPERATOR: "65002" };
    const { stdout } = await runProgram(["example", "--record"], { env });
    expect(JSON.parse(stdout)).toMatchObject({ parent: "operators/65002" });
    expect(JSON.parse(stdout)).not.toHaveProperty("clientId");
  });

  it("takes the time from --now", async () => {
    const { stdout } = await runProgram(["example", "minimal", "--now", "2027-01-15T12:00:00+02:00"]);
    expect(JSON.parse(stdout)).toEqual({
      languageCode: "en-US",
      updateTime: "2027-01-15T10:00:00.000Z",
      expireTime: "2027-01-16T10:00:00.000Z",
    });
  });

  it("takes the time of an emulator from its clock, with --endpoint", async () => {
    await using emulator = await startTestEmulator();
    emulator.state.clock.freezeAt(Date.UTC(2040, 0));
    const { stdout } = await runProgram(["example", "minimal", "--endpoint", emulator.url]);
    expect(JSON.parse(stdout)).toMatchObject({ updateTime: "2040-01-01T00:00:00.000Z" });
    const both = await runProgram(["example", "--endpoint", emulator.url, "--now", "2040-01-01T00:00:00Z"]);
    expect(both.stderr).toBe("mdps: --now and --endpoint must not be used together: both set the time\n");
  });

  it("fails if --endpoint is not the URL of an emulator", async () => {
    await using server = await startTestServer();
    const { stderr, exitCode } = await runProgram(["example", "--endpoint", server.url]);
    expect(stderr).toBe(
      `mdps: --endpoint ${server.url}: does not answer with the time of its clock; is it mdps dev?\n`,
    );
    expect(exitCode).toBe(1);
  });
});
