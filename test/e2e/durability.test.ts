import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createPlanSharingClient, type PlanSharingClient, planStatusOf } from "../../src/client/index.ts";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, startServe } from "../support/program.ts";

const parent = "operators/65001";
const clientId = "mobiledataplan";

const statusOf = (title: string) =>
  planStatusOf({ languageCode: "en-US", title, expireTime: timestampFromMs(Date.UTC(2199, 0)) });

describe("records that mdps serve has acknowledged", () => {
  it("are readable with the same tokens after SIGTERM and a restart", async () => {
    const directory = await dataDirectory();
    const first = await startServe(directory);
    const [push, read] = await Promise.all([
      printToken(directory),
      printToken(directory, "--access", "read"),
    ]);
    const pusher = createPlanSharingClient({ endpoint: first.url, protocol: "rest", token: push });
    const key = { parent, clientId, userKey: "a/b" };
    const pushed = await pusher.createUserPlanStatus({ ...key, planStatus: statusOf("stored") });
    first.process.kill("SIGTERM");
    expect(await first.ended).toMatchObject({ exitCode: 0, signal: null, stderr: "" });

    const second = await startServe(directory);
    const reader = createPlanSharingClient({ endpoint: second.url, protocol: "rest", token: read });
    expect(toJson(PlanStatusSchema, await reader.getUserPlanStatus(key))).toEqual(
      toJson(PlanStatusSchema, pushed),
    );
    second.process.kill("SIGINT");
    expect(await second.ended).toMatchObject({ exitCode: 0, signal: null, stderr: "" });
  });

  it("are readable after kill -9 under load over every protocol", async () => {
    const directory = await dataDirectory();
    const server = await startServe(directory);
    const [push, read] = await Promise.all([
      printToken(directory),
      printToken(directory, "--access", "read"),
    ]);
    const acknowledged: string[] = [];
    let sent = 0;
    const load = async (client: PlanSharingClient, name: string) => {
      for (;;) {
        sent += 1;
        const userKey = `${name}-${sent}`;
        try {
          await client.createUserPlanStatus({ parent, clientId, userKey, planStatus: statusOf(userKey) });
        } catch {
          return;
        }
        acknowledged.push(userKey);
        if (acknowledged.length === 400) {
          server.process.kill("SIGKILL");
        }
      }
    };
    const workers = (["connect", "grpc", "grpc-web", "rest"] as const).flatMap((protocol) => {
      const client = createPlanSharingClient({ endpoint: server.url, protocol, token: push });
      return Array.from({ length: 8 }, (_, index) => load(client, `${protocol}-${index}`));
    });
    expect(await server.ended).toMatchObject({ signal: "SIGKILL" });
    await Promise.all(workers);
    expect(acknowledged.length).toBeGreaterThanOrEqual(400);

    const again = await startServe(directory);
    const reader = createPlanSharingClient({ endpoint: again.url, protocol: "grpc", token: read });
    const titles = await Promise.all(
      acknowledged.map(
        async (userKey) => (await reader.getUserPlanStatus({ parent, clientId, userKey })).title,
      ),
    );
    expect(titles).toEqual(acknowledged);
  });
});
