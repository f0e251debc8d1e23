import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import type { PlanSharingProtocol } from "../../../src/client/index.ts";
import { readApiError } from "../../support/api-error.ts";
import { testCertificate } from "../../support/certificates/certificate.ts";
import { startTestEmulator, type TestEmulator } from "../../support/emulator/test-emulator.ts";
import { callRaw, type RawCall } from "../../support/http/raw-call.ts";
import { openSocket } from "../../support/http/raw-socket.ts";
import { protocols } from "../../support/test-server.ts";

let emulator: TestEmulator;
let exposed: TestEmulator;
beforeAll(async () => {
  const options = { host: "0.0.0.0", allowCleartext: true, allowOrigins: ["*"] };
  emulator = await startTestEmulator(options);
  exposed = await startTestEmulator({ ...options, exposeControl: true });
});
afterAll(async () => {
  expect([...emulator.failures, ...exposed.failures]).toEqual([]);
  // Nothing that was refused has changed anything.
  expect([emulator.state.clock.mode, exposed.state.clock.mode]).toEqual(["real", "real"]);
  await emulator[Symbol.asyncDispose]();
  await exposed[Symbol.asyncDispose]();
});

/** The address of a machine as others see it. */
const otherAddress = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

type Headers = Readonly<Record<string, string>>;

/** Calls GetClock, or in JSON another method, and returns how it ended. */
async function control(
  { port }: { port: number },
  protocol: PlanSharingProtocol,
  headers: Headers,
  { host = "127.0.0.1", ...more }: Partial<RawCall> & { host?: string } = {},
) {
  const { error } = await callRaw({
    url: `http://${host}:${port}`,
    protocol,
    token: "none",
    method: protocol === "rest" ? "GET /emulator/v1/clock" : `${EmulatorService.typeName}/GetClock`,
    format: "json",
    body: "{}",
    headers,
    ...more,
  });
  return error === undefined ? "served" : readApiError(error).reason;
}

/** Sends a request as it is written, and returns the status of its answer. */
async function statusOf({ port }: { port: number }, head: string): Promise<number> {
  const socket = await openSocket(port);
  socket.write(`${head.replaceAll("\n", "\r\n")}\r\n\r\n`);
  const answer = await socket.received(/^HTTP\/1\.1 \d{3} /);
  socket.destroy();
  return Number(answer.slice(9, 12));
}

const refused = "EMULATOR_CONTROL_REFUSED";

describe.each(protocols)("the control of the emulator over %s", (protocol) => {
  it("is served to a program on the same machine, without a token", async () => {
    expect(await control(emulator, protocol, {})).toBe("served");
  });

  it.skipIf(otherAddress === undefined)(
    "is refused to another machine, whatever it says about itself (skipped without a network)",
    async () => {
      const host = otherAddress ?? "";
      for (const claim of [{}, { "x-forwarded-for": "127.0.0.1" }, { forwarded: "for=127.0.0.1" }]) {
        expect(await control(emulator, protocol, claim, { host })).toBe(refused);
      }
      expect(await control(exposed, protocol, {}, { host })).toBe("served");
    },
  );

  it("is refused to pages of another origin, also if other machines and all origins are allowed", async () => {
    for (const server of [emulator, exposed]) {
      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: "http://127.0.0.1:1" },
        { origin: `https://127.0.0.1:${server.port}` },
        { origin: `http://localhost:${server.port}` },
        { origin: `http://127.0.0.1:${server.port}/` },
        { origin: `http://127.0.0.1:${server.port}, http://127.0.0.1:${server.port}` },
        { origin: "" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "same-origin, cross-site" },
        { origin: `http://127.0.0.1:${server.port}`, "sec-fetch-site": "cross-site" },
      ]) {
        expect(await control(server, protocol, headers), JSON.stringify(headers)).toBe(refused);
      }
      for (const headers of [
        { origin: `http://127.0.0.1:${server.port}` },
        { origin: `http://127.0.0.1:${server.port}`, "sec-fetch-site": "same-origin" },
        { "sec-fetch-site": "none" },
      ]) {
        expect(await control(server, protocol, headers), JSON.stringify(headers)).toBe("served");
      }
    }
  });

  it("gives pages of other origins no permission, neither for a call nor beforehand", async () => {
    const path = protocol === "rest" ? "/emulator/v1/clock" : `/${EmulatorService.typeName}/GetClock`;
    for (const method of ["OPTIONS", "GET", "POST"]) {
      const { headers } = await fetch(`${emulator.url.replace("0.0.0.0", "127.0.0.1")}${path}`, {
        method,
        headers: {
          origin: "https://evil.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("the error EMULATOR_CONTROL_REFUSED", () => {
  it("says why, and what to do", async () => {
    const message = async (headers: Headers) => {
      const { error } = await callRaw({
        url: `http://127.0.0.1:${emulator.port}`,
        protocol: "connect",
        token: "none",
        method: `${EmulatorService.typeName}/GetClock`,
        format: "json",
        body: "{}",
        headers,
        http2: true,
      });
      return error?.rawMessage;
    };
    expect(await message({ origin: "https://evil.example" })).toBe(
      'pages of another origin may not control the emulator, and the Origin of this request is "https://evil.example": use a program instead of a page',
    );
    expect(await message({ host: "evil.example" })).toBe(
      'the Host of the request is "evil.example", which may be a page of another site: use localhost, 127.0.0.1 or [::1], with any port, or start the emulator with --expose-control',
    );
  });

  it("is sent before the body has arrived", async () => {
    const head = `POST /emulator/v1/clock:advance HTTP/1.1\nHost: evil.example\nContent-Type: application/json`;
    expect(await statusOf(emulator, `${head}\nContent-Length: 1000`)).toBe(403);
    expect(await statusOf(emulator, `${head}\nTransfer-Encoding: chunked`)).toBe(403);
  });
});

describe("the Host of a request that controls the emulator", () => {
  it.each([
    "localhost",
    "localhost:80",
    "LOCALHOST:8080",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:99",
    "127.255.0.9",
    "[::1]",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]:80",
    "[::FFFF:7F00:1]",
  ])("may be %s", async (host) => {
    expect(await statusOf(emulator, `GET /emulator/v1/clock HTTP/1.1\nHost: ${host}`)).toBe(200);
  });

  it.each([
    "evil.example",
    "localhost.evil.com",
    "localhost.evil.com:8080",
    "evil.localhost",
    "127.0.0.1.nip.io",
    "127.0.0.1.",
    "localhost..",
    "localhost:80@evil",
    "evil@localhost",
    "localhost:evil",
    "localhost/evil",
    "localhost#evil",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.256",
    "127.0.0.1%00",
    "0.0.0.0",
    "10.0.0.1",
    "::1",
    "[::1%25lo]",
    "[::1%lo]",
    "[::]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[127.0.0.1]",
    "localhost, evil.example",
    "ⅼocalhost",
  ])("may not be %s", async (host) => {
    // 400 if it is not valid at all.
    expect([400, 403]).toContain(await statusOf(emulator, `GET /emulator/v1/clock HTTP/1.1\nHost: ${host}`));
  });

  it.each(["192.0.2.2:8080", "emulator.test", "emulator"])(
    "may be any with --expose-control, such as %j",
    async (host) => {
      expect(await statusOf(exposed, `GET /emulator/v1/clock HTTP/1.1\nHost: ${host}`)).toBe(200);
    },
  );

  it.each([
    ["192.0.2.2:8080", 200],
    ["[2001:db8::2]:8080", 200],
    ["emulator:8080", 200],
    ["localhost:8080", 200],
    ["evil.example:8080", 403],
    ["192.0.2.2.evil.example", 403],
    ["emulator.", 403],
  ])(
    "of a page may be an address or a name without a dot with --expose-control: %s is %i",
    async (host, status) => {
      for (const sent of [`Origin: http://${host}`, "Sec-Fetch-Site: same-origin"]) {
        const head = `GET /emulator/v1/clock HTTP/1.1\nHost: ${host}\n${sent}`;
        expect(await statusOf(exposed, head), sent).toBe(status);
      }
    },
  );

  it("is required, once, and also in HTTP/1.0", async () => {
    const path = "/emulator/v1/clock";
    expect(await statusOf(emulator, `GET ${path} HTTP/1.0`)).toBe(403);
    expect(await statusOf(emulator, `GET ${path} HTTP/1.0\nHost: localhost`)).toBe(200);
    expect(await statusOf(emulator, `GET ${path} HTTP/1.1\nHost:`)).toBe(400);
    expect(await statusOf(emulator, `GET ${path} HTTP/1.1\nHost: localhost\nHost: evil.example`)).not.toBe(
      200,
    );
    expect(await statusOf(emulator, `GET ${path} HTTP/1.1\nHost: evil.example\nHost: localhost`)).not.toBe(
      200,
    );
  });

  it("is compared with the target in absolute form", async () => {
    const get = (target: string, host: string) =>
      statusOf(emulator, `GET ${target}/emulator/v1/clock HTTP/1.1\nHost: ${host}`);
    expect(await get("http://localhost:8080", "localhost:8080")).toBe(200);
    expect(await get("http://evil.example", "localhost")).toBe(403);
    expect(await get("HTTP://EVIL.example:80", "localhost")).toBe(403);
    expect(await get("http://localhost@evil.example", "localhost")).toBe(400);
    expect(await get("http://localhost", "evil.example")).toBe(403);
  });

  it("is compared with :authority over HTTP/2", async () => {
    const over2 = (headers: Headers) => control(emulator, "rest", headers, { http2: true });
    expect(await over2({})).toBe("served");
    expect(await over2({ ":authority": "localhost:1" })).toBe("served");
    expect(await over2({ ":authority": "evil.example" })).toBe(refused);
    for (const [authority, host] of [
      ["localhost", "evil.example"],
      ["evil.example", "localhost"],
    ] as const) {
      expect(await over2({ ":authority": authority, host })).not.toBe("served");
    }
  });

  it("makes the origin of a page with https if the emulator uses TLS", async () => {
    await using secure = await startTestEmulator({ tls: testCertificate });
    const { Agent, fetch } = await import("undici");
    const dispatcher = new Agent({ connect: { ca: testCertificate.cert } });
    const call = async (origin: string) => {
      const { status } = await fetch(`https://127.0.0.1:${secure.port}/emulator/v1/clock`, {
        headers: { origin },
        dispatcher,
      });
      return status;
    };
    expect(await call(`https://127.0.0.1:${secure.port}`)).toBe(200);
    expect(await call(`http://127.0.0.1:${secure.port}`)).toBe(403);
    await dispatcher.close();
  });
});

describe("a path of the control of the emulator", () => {
  it.each([
    "/emulator/v1/clock",
    "/emulator/v1/clock?x=1",
    "/%65mulator/v1/clock",
    "/emulator/v1/%63lock",
    "/%65%6d%75%6C%61%74%6F%72/v1/%63%6c%6f%63%6b",
    "/emulator/v1/operators/65001/devices",
    "/emulator/v1/calls:watch",
    "/emulator/v1/calls%3Awatch",
    `/${EmulatorService.typeName}/GetClock?connect=v1&encoding=json&message=%7B%7D`,
    `/${EmulatorService.typeName}/GetClock?connect=v1&encoding=proto&base64=1&message=`,
  ])("%s is not served to a page of another origin", async (path) => {
    for (const headers of ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"]) {
      expect([403, 404]).toContain(
        await statusOf(emulator, `GET ${path} HTTP/1.1\nHost: 127.0.0.1:${emulator.port}\n${headers}`),
      );
    }
  });

  it.each([
    "//emulator/v1/clock",
    "/./emulator/v1/clock",
    "/x/../emulator/v1/clock",
    "/EMULATOR/v1/clock",
    "/%2565mulator/v1/clock",
  ])("%s does not exist", async (path) => {
    expect(await statusOf(emulator, `GET ${path} HTTP/1.1\nHost: localhost`)).toBe(404);
  });
});
