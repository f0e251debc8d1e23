import { request } from "undici";

/** Returns the value of a metric without labels from an admin port; undefined if the metric or an answer is missing. */
export async function metricOf(admin: string | undefined, name: string): Promise<number | undefined> {
  try {
    const { body } = await request(new URL("/metrics", admin), { headersTimeout: 5_000 });
    const value = new RegExp(`^${name} (\\S+)$`, "m").exec(await body.text())?.[1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}
