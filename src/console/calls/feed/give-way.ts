/** Longest time in milliseconds that arrivals keep the page from anything else. */
const sliceMs = 8;

/**
 * Returns a function that is called after each piece of work. Once the work has taken long, it returns a promise that resolves
 * after the page has handled what was waiting.
 */
export function createGiveWay(now: () => number = () => performance.now()): () => Promise<void> | undefined {
  // Timers of a page that is not seen fire once per second; messages are never delayed.
  const channel = new MessageChannel();
  let resume: (() => void) | undefined;
  channel.port1.onmessage = () => resume?.();
  let startedAt = now();
  return function giveWay() {
    if (now() - startedAt < sliceMs) {
      return undefined;
    }
    return new Promise((resolve) => {
      resume = () => {
        startedAt = now();
        resolve();
      };
      channel.port2.postMessage(undefined);
    });
  };
}
