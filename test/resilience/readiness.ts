import { request } from "undici";
import type { Served } from "./served.ts";

/** Returns whether a server is ready, by `/readyz` on its admin port if it has one, otherwise by its gRPC health service. */
export async function isReady({ url, admin }: Pick<Served, "url" | "admin">): Promise<boolean> {
  try {
    if (admin !== undefined) {
      const { statusCode, body } = await request(new URL("/readyz", admin), { headersTimeout: 2_000 });
      await body.dump();
      return statusCode === 200;
    }
    return await isServing(url);
  } catch {
    return false;
  }
}

/** Returns whether the health service on the main port reports SERVING. Rejects if there is no answer. */
export async function isServing(url: string): Promise<boolean> {
  const { statusCode, body } = await request(new URL("/grpc.health.v1.Health/Check", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    headersTimeout: 5_000,
  });
  const text = await body.text();
  return statusCode === 200 && (JSON.parse(text) as { status?: string }).status === "SERVING";
}
