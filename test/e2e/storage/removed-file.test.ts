import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { createPlanSharingClient, planStatusOf } from "../../../src/client/index.ts";
import { apiErrorOf } from "../../support/api-error.ts";
import { dataDirectory } from "../../support/data-directory.ts";
import { printToken, startServe } from "../../support/program.ts";

const parent = "operators/65001";
const planStatus = planStatusOf({
  languageCode: "en-US",
  title: "plan",
  expireTime: timestampFromMs(Date.UTC(2199, 0)),
});

it("a database file that is taken away under load costs several processes no acknowledged push, and they accept no more", async () => {
  const data = await dataDirectory();
  const elsewhere = await dataDirectory();
  const server = await startServe(data, ["--workers", "2", "--admin", "127.0.0.1:0"]);
  const [token, readToken] = await Promise.all([printToken(data), printToken(data, "--access", "read")]);
  const acknowledged: string[] = [];
  const some = Promise.withResolvers<void>();

  /** Pushes until a push is refused, and resolves with the error. A client's connection belongs to one process. */
  async function pushUntilRefused(name: string) {
    for (let number = 0; ; number += 1) {
      const userKey = `${name}-${number}`;
      const client = createPlanSharingClient({ endpoint: server.url, protocol: "rest", token });
      const error = await client.createPlanStatus({ parent, userKey, planStatus }).then(
        () => undefined,
        (reason: unknown) => apiErrorOf(Promise.reject(reason)),
      );
      if (error !== undefined) {
        return error;
      }
      acknowledged.push(userKey);
      if (acknowledged.length === 50) {
        some.resolve();
      }
    }
  }

  const pushers = Array.from({ length: 8 }, (_, index) => pushUntilRefused(`pusher${index}`));
  await some.promise;
  for (const end of ["", "-wal", "-shm"]) {
    renameSync(join(data, `plans.sqlite${end}`), join(elsewhere, `plans.sqlite${end}`));
  }
  for (const error of await Promise.all(pushers)) {
    expect(error).toMatchObject({ reason: "STORE_UNAVAILABLE" });
  }
  await expect.poll(async () => (await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
  const late = createPlanSharingClient({ endpoint: server.url, protocol: "rest", token });
  expect(await apiErrorOf(late.createPlanStatus({ parent, userKey: "late", planStatus }))).toMatchObject({
    reason: "STORE_UNAVAILABLE",
  });
  server.process.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ exitCode: 0, signal: null });

  for (const end of ["", "-wal", "-shm"]) {
    const file = join(elsewhere, `plans.sqlite${end}`);
    if (existsSync(file)) {
      renameSync(file, join(data, `plans.sqlite${end}`));
    }
  }
  const again = await startServe(data);
  const reader = createPlanSharingClient({ endpoint: again.url, protocol: "grpc", token: readToken });
  const found: string[] = [];
  for (const userKey of acknowledged) {
    const { title } = await reader.getPlanStatus({ name: `${parent}/planStatuses/${userKey}` });
    found.push(...(title === "plan" ? [userKey] : []));
  }
  expect(found).toEqual(acknowledged);
});
