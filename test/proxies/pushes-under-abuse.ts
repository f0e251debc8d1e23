import type { ClientRequest } from "node:http";
import { request as requestHttps } from "node:https";
import { testCertificate } from "../support/certificates/certificate.ts";
import { type Exchange, exchange } from "./exchange.ts";
import { maxAnswerMs, type Push, pushAs } from "./measure-refusals.ts";
import type { RunningProxy } from "./proxy.ts";
import { pushPath, refusals, statusJson } from "./refusals.ts";
import type { Site } from "./site.ts";

/** Pushes of well-behaved callers in all, and callers at once. */
const pushes = 60;
const callers = 4;

/** Refusals that callers without respect repeat meanwhile, each on a connection of its own. */
const repeated = [
  "401 without a token",
  "404 for an unknown path",
  "413 for a body of three times the limit",
  "413 for a body without a length",
  "Connect: Health/Watch with 1.2 MB",
  "token endpoint: 900 kB",
];

/**
 * Pushes through a proxy over HTTP/1.1 and HTTP/2 while other callers repeat refused requests with large bodies, hang up
 * in the middle of a body, and stop in the middle of a body without hanging up.
 */
export async function pushUnderAbuse(site: Site, proxy: RunningProxy): Promise<Push[]> {
  let stopped = false;
  const stalled: ClientRequest[] = [];
  const bad = refusals.filter(({ name }) => repeated.includes(name));
  const abuse = bad.map(async ({ request }) => {
    while (!stopped) {
      await exchange(proxy.port, "http/1.1", request(site), maxAnswerMs).catch(() => undefined);
    }
  });
  for (const token of [undefined, site.tokens.push]) {
    const body = statusJson(900_000);
    const headers = {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const half = { method: "POST", path: pushPath(65_001, "half"), headers, body };
    for (let count = 0; count < callers; count++) {
      stalled.push(await sendHalf(proxy.port, half));
    }
    abuse.push(
      (async () => {
        while (!stopped) {
          (await sendHalf(proxy.port, half)).destroy();
        }
      })(),
    );
  }
  const results: Push[] = [];
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let push = 0; push < pushes / callers; push++) {
        results.push(await pushAs(site, proxy, caller % 2 === 0 ? "http/1.1" : "h2"));
      }
    }),
  );
  stopped = true;
  for (const request of stalled) {
    request.destroy();
  }
  await Promise.all(abuse);
  return results;
}

/** Sends the header and half of the body of a request. */
function sendHalf(port: number, { method, path, headers, body }: Exchange): Promise<ClientRequest> {
  return new Promise((resolve) => {
    const request = requestHttps({
      host: "127.0.0.1",
      servername: "localhost",
      port,
      method,
      path,
      headers: { ...headers, "content-length": body.length },
      ca: testCertificate.cert,
      agent: false,
    });
    request.on("error", () => resolve(request));
    request.on("response", (response) => response.resume().on("error", () => undefined));
    request.write(body.subarray(0, body.length / 2), () => resolve(request));
  });
}
