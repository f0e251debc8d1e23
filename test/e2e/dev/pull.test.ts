import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testCertificate, testCertificateFiles } from "../../support/certificates/certificate.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { type AgentAnswer, answerJson, startStubAgent } from "../../support/http/stub-agent.ts";
import { runProgram } from "../../support/program.ts";
import { statusJson } from "../../support/push-inputs.ts";

const userKey = "a/b+c==12";

describe("mdps dev pull", () => {
  it("prints a valid status as JSON over https, with a token of the token endpoint and the user key masked", async () => {
    const file = join(await dataDirectory(), "client.json");
    await writeFile(file, JSON.stringify({ client_id: "gtaf", client_secret: "s3cret" }));
    const token = { access_token: "t0ken", token_type: "Bearer", expires_in: 60 };
    const agent = await startStubAgent((request, response, count) => {
      const answer: AgentAnswer = request.target.startsWith("/token")
        ? answerJson(token, 200, { "cache-control": "no-store" })
        : answerJson({ ...statusJson("ACME", 1_000), name: `operators/1/planStatuses/a%2Fb+c==12` });
      answer(request, response, count);
    }, testCertificate);
    const args = ["--dpa", agent.url, "--user-key", userKey, "--ca", testCertificateFiles.cert];
    const oauth = ["--token-url", `${agent.url}/token`, "--oauth-client", file];
    const { stdout, stderr, exitCode } = await runProgram(["dev", "pull", ...args, ...oauth, "--json"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      errors: 0,
      warnings: 0,
      exchanges: [
        { answer: "token", method: "POST", status: 200 },
        { answer: "pull", url: `${agent.url}/***=12/planStatus?key_type=CPID&client_id=mobiledataplan` },
        { answer: "second pull" },
      ],
      planStatus: { title: "ACME", name: "operators/1/planStatuses/***=12" },
      notifications: [],
      findings: [],
    });
    expect(stdout).not.toMatch(/t0ken|s3cret/);
  });

  it("prints every violation on a line, without what servers could do to the terminal, and exits with 1", async () => {
    const agent = await startStubAgent(
      answerJson({ ...statusJson("x"), languageCode: "", plans: [{}], [`\u001b[2J ${userKey}`]: 1 }),
    );
    const args = ["--dpa", agent.url, "--user-key", userKey];
    const { stdout, exitCode } = await runProgram(["dev", "pull", ...args], { env: { MDPS_DPA_TOKEN: "t" } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^pull: GET http:\S+\/\*\*\*=12\/planStatus\S+ → 200 · content-type: application\/json/,
    );
    expect(stdout).toContain("error    pull           plans[0].planId: value is required\n");
    expect(stdout).toContain("error    pull           languageCode: value is required\n");
    expect(stdout).toContain('"\\u001b[2J ***=12": is not a field of PlanStatus');
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain(userKey);
    expect(agent.requests[0]?.headers.authorization).toBe("Bearer t");
  });

  it("prints the status, its notifications and eligible plans as text, and the user key with --reveal", async () => {
    const agent = await startStubAgent((request, response, count) =>
      answerJson(
        request.target.includes("Eligibility")
          ? { eligiblePlans: [{ planId: "gold" }] }
          : statusJson("ACME", 1_000),
      )(request, response, count),
    );
    const args = ["--dpa", agent.url, "--user-key", userKey, "--eligibility", "gold", "--reveal"];
    const { stdout, exitCode } = await runProgram(["dev", "pull", ...args, "--client", "youtube"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\nACME\nuser ${userKey} · client youtube\n`);
    expect(stdout).toContain("\nwould notify: nothing\n");
    expect(stdout).toContain("\neligible plans: gold\n");
    expect(stdout).toMatch(/\n0 errors, 2 warnings\n$/);
  });

  it.each([
    [["--user-key", "x"], "error: required option '--dpa <url>' not specified"],
    [
      ["--dpa", "http://dpa.example.com", "--user-key", "x"],
      "mdps: --dpa: http://dpa.example.com: must be an https URL",
    ],
    [["--dpa", "https://h", "--user-key", "x", "--key-type", "IMSI"], "Allowed choices are CPID, MSISDN"],
    [
      ["--dpa", "https://h", "--user-key", "x", "--token-url", "https://t"],
      "mdps: --token-url: no credentials",
    ],
  ])("exits with 2 if the command is invalid: %j", async (args, message) => {
    const { stdout, stderr, exitCode } = await runProgram(["dev", "pull", ...args]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });
});

describe("mdps dev cpid", () => {
  it("prints masked CPIDs, and exits with 1 if one is not new", async () => {
    const agent = await startStubAgent(answerJson({ cpid: "aGVsbG8/d29ybGQ=", ttlSeconds: 2_592_000 }));
    const { stdout, exitCode } = await runProgram(["dev", "cpid", "--cpid", `${agent.url}/cpid`, "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      errors: 1,
      warnings: 1,
      cpids: Array(3).fill({ cpid: "***GQ=", ttlSeconds: 2_592_000 }),
      findings: [{ field: "url" }, { severity: "error", answer: "second cpid", field: "cpid" }],
    });
  });

  it("exits with 0 if every CPID is new", async () => {
    const agent = await startStubAgent((request, response, count) =>
      answerJson({ cpid: `aGVsbG8/d29ybGQ${count}`, ttlSeconds: 2_592_000 })(request, response, count),
    );
    const { stdout, exitCode } = await runProgram(["dev", "cpid", "--cpid", agent.url]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("CPID ***GQ1, valid for 2592000 s\n");
    expect(stdout).toMatch(/\n0 errors, 1 warning\n$/);
  });
});
