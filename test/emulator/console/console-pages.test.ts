import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as sendRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as sendTlsRequest } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consoleDirectory } from "../../../src/emulator/console/console-files.ts";
import { createConsolePages } from "../../../src/emulator/console/console-pages.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { makeDirectory, removeDirectory } from "../../support/data-directory.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

/** The address of this machine as others see it. */
const otherAddress = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

let emulator: TestEmulator;
let exposed: TestEmulator;
beforeAll(async () => {
  const options = { host: "0.0.0.0", allowCleartext: true, allowOrigins: ["*"] };
  emulator = await startTestEmulator(options);
  exposed = await startTestEmulator({ ...options, anyToken: true, exposeControl: true });
});
afterAll(async () => {
  expect([...emulator.failures, ...exposed.failures]).toEqual([]);
  await emulator[Symbol.asyncDispose]();
  await exposed[Symbol.asyncDispose]();
});

type Asked = {
  path?: string;
  method?: string;
  host?: string;
  headers?: Readonly<Record<string, string>>;
};

/** Asks for a file, and returns the status, the headers and the text of the answer. */
async function ask({ port }: { port: number }, { path = "/", method = "GET", host, headers }: Asked = {}) {
  const options = { port, host: host ?? "127.0.0.1", path, method, headers: { ...headers }, agent: false };
  return answerTo(sendRequest(options));
}

async function answerTo(request: ReturnType<typeof sendRequest>) {
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const { statusCode, headers, rawHeaders } = response;
  return { status: statusCode, headers, rawHeaders, text: await textOf(response) };
}

/** Paths of all files, also of those that are only loaded when they are needed. */
const paths = [
  "/",
  ...readdirSync(consoleDirectory).flatMap((name) => (name === "index.html" ? [] : `/console/${name}`)),
];

const securityHeaders = {
  "content-security-policy": expect.stringMatching(
    /^default-src 'none'; script-src 'self'; style-src 'self'; /,
  ),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

describe("the files of the console", () => {
  it("have headers that keep other pages and code out, and permit no other origin to read them", async () => {
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) {
      for (const headers of [{}, { "accept-encoding": "br" }]) {
        const answer = await ask(emulator, { path, headers });
        expect({ path, ...answer }).toMatchObject({ path, status: 200, headers: securityHeaders });
        const names = answer.rawHeaders
          .filter((_, index) => index % 2 === 0)
          .map((name) => name.toLowerCase());
        expect(names.length, path).toBe(new Set(names).size);
        expect(names.filter((name) => name.startsWith("access-control-"))).toEqual([]);
      }
    }
  });

  it("run no inline script or style, no text as code, and load nothing from elsewhere", async () => {
    const { headers, text } = await ask(emulator);
    const policy = String(headers["content-security-policy"]);
    expect(policy).not.toMatch(/unsafe|https?:|\*|blob:/);
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types check-worker");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text).not.toMatch(/<script(?![^>]* src="\/console\/)|<style|\sstyle=|\son\w+=|https?:\/\//);
  });

  it("may be kept by browsers only if their names change with their content", async () => {
    for (const path of paths) {
      const { headers } = await ask(emulator, { path });
      const isHashed = /-[0-9A-Z]{8}\.(js|css)$/.test(path);
      expect([path, headers["cache-control"]]).toEqual([
        path,
        isHashed ? "private, max-age=31536000, immutable" : "no-cache",
      ]);
    }
  });

  it("are answered to HEAD without content, and to no other method than GET", async () => {
    const script = paths.find((path) => path.endsWith(".js")) ?? "";
    for (const path of ["/", script]) {
      const { headers, text } = await ask(emulator, { path });
      const head = await ask(emulator, { path, method: "HEAD" });
      expect({ ...head, length: head.headers["content-length"] }).toMatchObject({
        status: 200,
        text: "",
        length: headers["content-length"],
      });
      expect(text).not.toBe("");
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const answer = await ask(emulator, { path, method });
        expect(answer, method).toMatchObject({
          status: 405,
          text: "Use GET or HEAD.\n",
          headers: { allow: "GET, HEAD", ...securityHeaders },
        });
      }
    }
  });

  it("leave a connection usable if a body is sent with the request", async () => {
    const socket = await openSocket(emulator.port);
    socket.write(
      "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    );
    expect(await socket.received(/HTTP\/1\.1 200 /)).toMatch(/^HTTP\/1\.1 405 /);
    socket.destroy();
  });

  it.each([
    "/console",
    "/console/",
    "/console/nothing.js",
    "/console/index.html",
    "/console/../package.json",
    "/console/..%2fpackage.json",
    "/console/%2e%2e/package.json",
    "/console/..\\package.json",
    "/console/%2e%2e%5cpackage.json",
    "/console/./licenses.txt",
    "/console//licenses.txt",
    "//console/licenses.txt",
    "/%63onsole/licenses.txt",
    "/console/licenses.txt/",
    "/console/licenses.txt%00.js",
    "/console/.git",
    "/Console/licenses.txt",
    "/index.html",
  ])("do not include %s, which is 404 like every unknown path", async (path) => {
    const { status, headers, text } = await ask(emulator, { path });
    expect({ path, status, type: headers["content-type"] }).toEqual({
      path,
      status: 404,
      type: "application/json; charset=utf-8",
    });
    expect(JSON.parse(text).error).toMatchObject({ code: 404, status: "NOT_FOUND" });
    expect(JSON.parse(text).error.details[0].reason).toBe("ROUTE_NOT_FOUND");
  });

  it("include the page with any query, because links of other tools add some", async () => {
    expect(await ask(emulator, { path: "/?utm_source=x&%zz" })).toMatchObject({ status: 200 });
  });

  it("are in no call of the journal, whatever is asked for", async () => {
    await using own = await startTestEmulator();
    for (const path of [...paths, "/?x=1", "/console/nothing.js", "/console/%2e%2e/x"]) {
      for (const method of ["GET", "HEAD", "POST"]) {
        await ask(own, { path, method });
      }
    }
    await ask(own, { path: "/v1/nothing" });
    const { calls } = await own.control("connect").listCalls({});
    expect(calls.map(({ target }) => target)).toEqual(["/v1/nothing"]);
  });

  it("need no token, also if the emulator accepts any", async () => {
    for (const headers of [{}, { authorization: "Bearer x" }]) {
      expect((await ask(emulator, { headers })).text).toBe((await ask(exposed, { headers })).text);
    }
  });

  it("are sent over TLS with HTTP/1.1 and HTTP/2, to pages of that origin", async () => {
    await using secure = await startTestEmulator({ tls: testCertificate });
    const ca = testCertificate.cert;
    const origin = `https://localhost:${secure.port}`;
    for (const [headers, status] of [
      [{ origin, "sec-fetch-site": "same-origin" }, 200],
      [{ origin: origin.replace("https", "http") }, 403],
    ] as const) {
      const options = { port: secure.port, host: "localhost", ca, headers, agent: false };
      const http1 = await answerTo(sendTlsRequest(options));
      expect(http1).toMatchObject({ status, headers: securityHeaders });
      const session = connectHttp2(origin, { ca });
      const stream = session.request({ ":path": "/", ...headers });
      const [received] = (await once(stream, "response")) as [Record<string, unknown>];
      expect(received).toMatchObject({ ":status": status, ...securityHeaders });
      expect(await textOf(stream)).toBe(http1.text);
      session.close();
    }
  });
});

/** What a browser sends with a request for a page or a part of one. */
const opened = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" };

describe("the console is refused", () => {
  it.each([
    ["a fetch of another origin", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["a fetch of a sandboxed page", { origin: "null" }],
    ["a script of another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "script" }],
    ["a script of another port", { "sec-fetch-site": "same-site", "sec-fetch-dest": "script" }],
    ["a style of another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "style" }],
    ["a frame of another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" }],
    ["an object of another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "object" }],
    ["a prefetch of another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" }],
    ["a form of another site", { ...opened, "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
  ])("to %s, with a text that says why and what to do", async (_, headers) => {
    for (const server of [emulator, exposed]) {
      for (const path of ["/", "/console/licenses.txt"]) {
        const answer = await ask(server, { path, headers });
        expect(answer).toMatchObject({
          status: 403,
          headers: { ...securityHeaders, "cache-control": "no-store" },
        });
        expect(answer.text).toMatch(
          /^The console was not sent: pages of another origin may not control the emulator, and the (Origin|Sec-Fetch-Site) of this request is ".+": use a program instead of a page\.\n$/,
        );
      }
    }
  });

  it("to a page whose name was made to point to this machine", async () => {
    for (const path of ["/", "/console/licenses.txt"]) {
      for (const headers of [
        {},
        { ...opened, "sec-fetch-site": "none" },
        { "sec-fetch-site": "same-origin" },
      ]) {
        const host = `rebound.example:${emulator.port}`;
        const answer = await ask(emulator, { path, headers: { ...headers, host } });
        expect(answer).toMatchObject({ status: 403, headers: securityHeaders });
        expect(answer.text).toBe(
          `The console was not sent: the Host of the request is "${host}", which may be a page of another site: use localhost, 127.0.0.1 or [::1], with any port, or start the emulator with --expose-control.\n`,
        );
      }
    }
  });

  it("of an emulator that other machines may control, at a name with a dot", async () => {
    for (const path of ["/", "/console/licenses.txt"]) {
      for (const headers of [
        {},
        { ...opened, "sec-fetch-site": "none" },
        { "sec-fetch-site": "same-origin" },
      ]) {
        const host = `rebound.example:${exposed.port}`;
        const answer = await ask(exposed, { path, headers: { ...headers, host } });
        expect(answer).toMatchObject({ status: 403, headers: securityHeaders });
        expect(answer.text).toBe(
          `The console was not sent: pages may only control the emulator at an address or a name without a dot, and the Host of this request is "${host}": open the page at an address, or use a program instead of a page.\n`,
        );
      }
      for (const host of ["emulator", "emulator:8080", "192.0.2.7:8080", "[2001:db8::1]:8080", "localhost"]) {
        expect(await ask(exposed, { path, headers: { ...opened, host } }), host).toMatchObject({
          status: 200,
        });
      }
    }
  });

  it.skipIf(otherAddress === undefined)(
    "to another machine, unless the emulator was started with --expose-control (skipped without a network)",
    async () => {
      const host = otherAddress ?? "";
      for (const path of ["/", "/console/licenses.txt"]) {
        const answer = await ask(emulator, { path, host, headers: { "x-forwarded-for": "127.0.0.1" } });
        expect(answer.status).toBe(403);
        expect(answer.text).toMatch(/start it with --expose-control to allow other machines\.\n$/);
        expect((await ask(exposed, { path, host, headers: opened })).status).toBe(200);
      }
    },
  );
});

describe("the console is sent", () => {
  it.each([
    ["to a person who typed its address", { ...opened, "sec-fetch-site": "none" }],
    ["to a person who followed a link of another site", { ...opened, "sec-fetch-site": "cross-site" }],
    ["to itself", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "script" }],
    ["to a program", {}],
  ])("%s", async (_, headers) => {
    for (const host of [
      `localhost:${emulator.port}`,
      `127.0.0.1:${emulator.port}`,
      `[::1]:${emulator.port}`,
    ]) {
      const answer = await ask(emulator, { headers: { ...headers, host } });
      expect(answer).toMatchObject({ status: 200, headers: { "content-type": "text/html; charset=utf-8" } });
    }
  });
});

describe("a directory of the console", () => {
  it("that does not exist is answered with what to do, and served as soon as it is built", async () => {
    const directory = await makeDirectory();
    const consolePage = createConsolePages(false, directory);
    await using listener = await startTestListener(
      {},
      {
        onRequest: (request, response) => {
          const page = consolePage(request.url ?? "");
          if (page === undefined) {
            response.statusCode = 404;
            response.end("other");
          } else {
            page(request, response);
          }
        },
      },
    );
    const get = async (path: string) => {
      const { status, text } = await ask(listener, { path });
      return `${status} ${text}`;
    };
    const missing =
      "404 The console was not built. Run npm run prepare in the clone, and load this page again.\n";
    expect(await get("/")).toBe(missing);
    expect(await get("/console/main-AAAAAAAA.js")).toBe("404 other");
    expect(await ask(listener, { headers: { origin: "https://evil.example" } })).toMatchObject({
      status: 403,
    });
    writeFileSync(join(directory, "index.html"), "one");
    writeFileSync(join(directory, "main-AAAAAAAA.js"), "one();");
    expect(await get("/")).toBe("200 one");
    expect(await get("/console/main-AAAAAAAA.js")).toBe("200 one();");
    // Built again: the page and the new script are those that belong together.
    writeFileSync(join(directory, "index.html"), "two");
    rmSync(join(directory, "main-AAAAAAAA.js"));
    writeFileSync(join(directory, "main-BBBBBBBB.js"), "two();");
    expect(await get("/")).toBe("200 two");
    expect(await get("/console/main-AAAAAAAA.js")).toBe("404 other");
    expect(await get("/console/main-BBBBBBBB.js")).toBe("200 two();");
    await removeDirectory(directory);
    expect(await get("/")).toBe(missing);
  });
});
