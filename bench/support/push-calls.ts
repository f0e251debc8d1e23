import { restCreate } from "./loads.ts";
import { withUser } from "./user-mark.ts";

/** Every so many pushes, one has no fields and is rejected with several violations. */
const invalidEvery = 10;

/**
 * Sends creates of different users to an emulator that accepts any token: as fast as it answers, or at most `rate` per
 * second, evenly. Some are rejected, as while an agent is developed.
 */
export async function pushCalls(
  url: string,
  count: number,
  rate: number = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { headers, body, path } = restCreate("any");
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      const wait = began + (number / rate) * 1_000 - performance.now();
      if (wait > 0) {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
      const isInvalid = number % invalidEvery === 0;
      const response = await fetch(url + withUser(path, number), {
        method: "POST",
        headers,
        body: isInvalid ? "{}" : String(body),
      });
      // On a busy machine some are 503, which is a call too.
      if (response.status !== (isInvalid ? 400 : 200) && response.status !== 503) {
        throw new Error(`${response.status}: ${await response.text()}`);
      }
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
