import { randomUUID } from "node:crypto";
import { request } from "node:https";
import { testCertificate } from "../../support/certificates/certificate.ts";
import type { TlsServer } from "./tls-server.ts";

/** Output of a program: the canonical code of its push, and the name of the stored status or the error message. */
export type PushReport = { readonly code: string; readonly message: string };

/** Runs the program of a language with additional environment variables. */
export type Push = (env: Readonly<Record<string, string>>) => Promise<PushReport>;

/** A check of a program. Resolves with a problem, or undefined. */
export type Check = { readonly name: string; run(push: Push): Promise<string | undefined> };

/** Returns the checks that every library must pass. */
export function checksAgainst(server: TlsServer): readonly Check[] {
  const linked = server.keyFile("linked", 65001);
  const foreign = server.keyFile("foreign", 65002);
  const revoked = server.keyFile("revoked", 65001);
  server.mdps("service-account", "revoke", "revoked");
  const readToken = server.mdps("token", "--operator", "65001", "--access", "read").trim();

  const pushWith = async (push: Push, key: string) => {
    const user = randomUUID();
    const title = `pushed for ${user}`;
    const report = await push({
      MDPS_ENDPOINT: server.url,
      GOOGLE_APPLICATION_CREDENTIALS: key,
      MDPS_USER_KEY: user,
      MDPS_TITLE: title,
    });
    return { report, user, title, read: await read(server.url, user, readToken) };
  };

  return [
    {
      name: "a service account key gets a token, and the push is stored",
      async run(push) {
        const { report, user, title, read } = await pushWith(push, linked);
        const name = `operators/65001/planStatuses/${user}`;
        if (report.code !== "OK" || report.message !== name) {
          return `expected ${name}, got ${spell(report)}`;
        }
        return read.title === title ? undefined : `expected to read back "${title}", got ${spell(read)}`;
      },
    },
    {
      name: "the key of another operator gets a token, but the push is rejected",
      async run(push) {
        const { report, read } = await pushWith(push, foreign);
        if (report.code !== "PERMISSION_DENIED") {
          return `expected PERMISSION_DENIED, got ${spell(report)}`;
        }
        return read.title === undefined ? undefined : `a status was stored: ${spell(read)}`;
      },
    },
    {
      name: "the key of a revoked account gets no token, and the program gets the error",
      async run(push) {
        const { report, read } = await pushWith(push, revoked);
        if (report.code === "OK" || !report.message.includes("invalid_grant")) {
          return `expected an error with invalid_grant, got ${spell(report)}`;
        }
        return read.title === undefined ? undefined : `a status was stored: ${spell(read)}`;
      },
    },
  ];
}

/** Reads the stored status of a user over REST. Resolves with the status, or the body of a 404. */
function read(url: string, user: string, token: string): Promise<{ title?: string }> {
  const address = `${url}/v1/operators/65001/clients/mobiledataplan/users/${user}/planStatus`;
  const options = { ca: testCertificate.cert, headers: { authorization: `Bearer ${token}` } };
  return new Promise((resolve, reject) => {
    const call = request(address, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const isExpected = response.statusCode === 200 || response.statusCode === 404;
        if (isExpected) {
          resolve(JSON.parse(text) as { title?: string });
        } else {
          reject(new Error(`GET ${address} returned ${response.statusCode}: ${text}`));
        }
      });
    });
    call.on("error", reject).end();
  });
}

const spell = (value: unknown) => JSON.stringify(value);
