import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushScope } from "../../src/auth/scopes.ts";
import { planStatusOf } from "../../src/client/index.ts";
import { systemClock } from "../../src/contract/clock.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { startStubEndpoint } from "../support/http/stub-endpoint.ts";
import { plan, planModule } from "../support/plan-statuses.ts";
import { runProgram } from "../support/program.ts";
import { parent, startTestServer, type TestServer } from "../support/test-server.ts";

const userKey = "a/b+c==12";
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ clock: { ...systemClock, set() {} } });
  const planStatus = planStatusOf({
    languageCode: "en-US",
    expireTime: timestampFromMs(Date.UTC(2199, 0)),
    plans: [plan({ planModules: [planModule()] })],
  });
  await server
    .client("grpc")
    .createUserPlanStatus({ parent, clientId: "mobiledataplan", userKey, planStatus });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs `mdps get` with the server and the token in the environment. */
const get = (args: readonly string[], env: Record<string, string> = {}) =>
  runProgram(["get", ...args], {
    env: { MDPS_OPERATOR: "65001", MDPS_ENDPOINT: server.url, MDPS_TOKEN: server.token, ...env },
  });

describe("mdps get", () => {
  it("prints a card with the user key masked", async () => {
    const { stdout, stderr, exitCode } = await get([userKey]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(
      /^Plan status\nuser \*\*\*=12 · operator 65001 · client mobiledataplan\n\nacme-199/,
    );
    expect(stdout).toContain("█████░░░░░░░░░░░░░░░  500 MB of 2 GB left (25 %)");
    expect(stdout).not.toContain("\u001b");
  });

  it("prints the user key with --reveal", async () => {
    expect((await get([userKey, "--reveal"])).stdout).toContain(`user ${userKey} `);
    const { stdout } = await get([userKey, "--json"], { MDPS_REVEAL: "1" });
    expect(JSON.parse(stdout).name).toBe("operators/65001/planStatuses/a%2Fb+c==12");
  });

  it.each(["connect", "grpc", "grpc-web", "rest"])(
    "prints JSON with a status read over %s",
    async (protocol) => {
      const { stdout } = await get([userKey, "--json", "--protocol", protocol]);
      expect(JSON.parse(stdout)).toMatchObject({
        name: "operators/65001/planStatuses/***=12",
        plans: [{ planId: "acme-199" }],
      });
    },
  );

  it("creates a token for a server on this machine", async () => {
    const { stdout, stderr } = await get([userKey, "--data", server.directory, "--json"], {
      MDPS_TOKEN: "",
    });
    expect({ stderr, name: JSON.parse(stdout).name }).toMatchObject({ stderr: "" });
  });

  it("describes errors in one line without the user key", async () => {
    expect(await get(["unknown-user"])).toMatchObject({
      stderr: "mdps: NOT_FOUND: no plan status of this user is stored, or it has expired\n",
      exitCode: 1,
    });
    const named = await get(["operators/65001/planStatuses/a%2Fb+c==12"]);
    expect(named).toMatchObject({
      stderr:
        "mdps: <user-key>: is the name of a status; pass the user key that it ends in, with %2F as / and %25 as %\n",
      exitCode: 1,
    });
    const empty = await get(["a/b+c==12", "--include-ui-incompatible"], { MDPS_OPERATOR: "0" });
    expect(empty.stderr).not.toContain("a/b");
    const elsewhere = await get([userKey], { MDPS_ENDPOINT: "http://mdps.example.com" });
    expect(elsewhere).toMatchObject({
      stderr: expect.stringMatching(/^mdps: --endpoint: .*\n$/),
      exitCode: 1,
    });
    const anonymous = await get([userKey], {
      MDPS_ENDPOINT: "https://mdps.example.com",
      MDPS_TOKEN: "",
    });
    expect(anonymous.stderr).toBe(
      "mdps: no credentials: pass --credentials FILE or --token, or set MDPS_CREDENTIALS or MDPS_TOKEN\n",
    );
    const stranger = await get([userKey], { MDPS_TOKEN: "wrong" });
    expect(stranger.stderr).toMatch(/^mdps: UNAUTHENTICATED: .*\n$/);
  });

  it("says how to get a token that may read, if that of a push is refused", async () => {
    const push = await server.makeToken({ asns: [65001], scopes: [pushScope] });
    const { stderr, exitCode } = await get([userKey], { MDPS_TOKEN: push });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^mdps: PERMISSION_DENIED: .*\. The token may only push; create one that may read: npm run -s mdps -- token --operator 65001 --access read, or a key file: npm run -s mdps -- service-account create --operator 65001 --access both --out key\.json\n$/,
    );
  });

  it("says what to pass if the client in the environment is that of a push", async () => {
    const { stderr, exitCode } = await get([userKey], { MDPS_CLIENT: "any" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /from env 'MDPS_CLIENT' is invalid\. .*pass one of them with --client, mobiledataplan, youtube, AndroidSystemInfo\./,
    );
    expect(await get([userKey, "--client", "mobiledataplan"], { MDPS_CLIENT: "any" })).toMatchObject({
      exitCode: 0,
    });
    const other = await get([userKey, "--client", "tiktok"]);
    expect(other.stderr).toContain("Allowed choices are mobiledataplan, youtube, AndroidSystemInfo.");
  });

  it("prefers a token on the command line to a key file in the environment, and takes only one of both", async () => {
    const env = { MDPS_TOKEN: "", MDPS_CREDENTIALS: "/none/key.json" };
    expect(await get([userKey, "--token", server.token], env)).toMatchObject({ exitCode: 0 });
    const both = await get([userKey, "--token", server.token, "--credentials", "/none/key.json"], env);
    expect(both.stderr).toBe("mdps: --credentials and --token: pass one of the two\n");
  });

  it("makes no signing key in the wrong data directory", async () => {
    const directory = join(await dataDirectory(), "wrong");
    const { stderr, exitCode } = await get([userKey, "--data", directory], { MDPS_TOKEN: "" });
    expect({ stderr, exitCode }).toEqual({
      stderr: `mdps: no credentials: pass --credentials FILE or --token, or set MDPS_CREDENTIALS or MDPS_TOKEN, or pass the data directory of the server with --data: ${directory} has no signing key\n`,
      exitCode: 1,
    });
    expect(existsSync(directory)).toBe(false);
  });

  it.each(["connect", "grpc-web", "rest"])(
    "says over %s that a redirect is not from this API",
    async (protocol) => {
      const endpoint = await startStubEndpoint((_, response) => {
        response.writeHead(302, { location: `https://login.example.com/?to=${userKey}` }).end();
      });
      const { stderr, exitCode } = await get([userKey, "--protocol", protocol], {
        MDPS_ENDPOINT: endpoint.url,
      });
      expect({ stderr, exitCode }).toEqual({
        stderr:
          "mdps: UNKNOWN: HTTP 302, which redirects to https://login.example.com: the answer is not from this API; check the URL of the endpoint\n",
        exitCode: 1,
      });
    },
  );

  it("writes the texts of a server escaped and without the access token", async () => {
    const token = "secret-token";
    const nasty = `\u001b[2J\u009b1m\u202e ${token} secret%2Dtok`;
    const endpoint = await startStubEndpoint((_, response) => {
      const violation = { field: nasty, description: nasty };
      response.writeHead(400, { "content-type": "application/json" }).end(
        JSON.stringify({
          error: {
            code: 400,
            status: "INVALID_ARGUMENT",
            message: nasty,
            details: [
              {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                fieldViolations: [violation, violation],
              },
            ],
          },
        }),
      );
    });
    const { stderr, exitCode } = await get([userKey], { MDPS_ENDPOINT: endpoint.url, MDPS_TOKEN: token });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("INVALID_ARGUMENT: \\u001b[2J\\u009b1m\\u202e *** ***\n  \\u001b[2J");
    expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]|secret/u);
  });

  it("writes the texts of a token endpoint escaped, and no assertion", async () => {
    const directory = await dataDirectory();
    const endpoint = await startStubEndpoint((request, response) => {
      const error = { error: "invalid_grant", error_description: `\u001b[2J ${request.body}` };
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(error));
    });
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const keyFile = join(directory, "key.json");
    const key = { type: "service_account", client_email: "a@example.com", private_key: privateKey };
    await writeFile(keyFile, JSON.stringify({ ...key, token_uri: `${endpoint.url}/token` }), { mode: 0o600 });
    const { stderr, exitCode } = await get([userKey, "--credentials", keyFile]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/cannot fetch an access token: .*invalid_grant/);
    expect(endpoint.received[0]?.body).toContain("assertion=eyJ");
    expect(stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]|eyJ/u);
  });
});
