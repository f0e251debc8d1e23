import { request } from "node:http";
import { expect, it } from "vitest";
import { scrape } from "../../support/http/exposition.ts";
import { startTestServer } from "../../support/test-server.ts";

it("requests of strangers with random paths, methods, operators, tokens and headers add no series to the metrics", async () => {
  await using server = await startTestServer({ admin: { host: "127.0.0.1", port: 0 } });

  /** One request of each kind, with values that were never sent before. */
  async function strangerRequests(value: number): Promise<void> {
    const kinds: [method: string, path: string, headers: Record<string, string>][] = [
      ["GET", `/random-${value}`, { "user-agent": `agent-${value}` }],
      ["PROPFIND", `/v1/operators/${value}/planGroups`, { origin: `https://${value}.example.com` }],
      ["POST", `/v1/operators/${value}/planGroups`, { authorization: `Bearer random-${value}` }],
      ["POST", `/random.v1.Service${value}/Method`, { "content-type": "application/grpc-web" }],
      ["POST", "/token", { "content-type": `text/x-${value}`, "x-request-id": `id-${value}` }],
      [
        "GET",
        `/$discovery/rest?version=v${value}`,
        { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` },
      ],
    ];
    for (const [method, path, headers] of kinds) {
      await new Promise((resolve, reject) => {
        const call = request(server.url + path, { method, headers }, (answer) =>
          answer.resume().on("end", resolve),
        );
        call.on("error", reject).end();
      });
    }
  }

  // Kinds of garbage collection, handles and resources of the process come and go at any time.
  const isOfRequests = ({ name }: { name: string }) => !/^nodejs_(gc|active)_/.test(name);
  const series = async () => {
    const samples = (await scrape(server.adminUrl)).filter(isOfRequests);
    return new Set(samples.map(({ name, labels }) => JSON.stringify([name, labels])));
  };
  await strangerRequests(1_000);
  // The check of the store by a scrape is counted in the next one.
  await series();
  const before = await series();
  for (let value = 1_001; value < 1_030; value += 1) {
    await strangerRequests(value);
  }
  expect(await series()).toEqual(before);
  expect(server.failures).toEqual([]);
});
