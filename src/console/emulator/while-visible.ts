/**
 * Runs something while the page is visible, until the returned function is called. Browsers open few connections to a
 * server: pages that nobody sees must not hold them.
 */
export function whileVisible(start: () => () => void): () => void {
  let stop: (() => void) | undefined;
  const follow = () => {
    stop?.();
    stop = document.visibilityState === "visible" ? start() : undefined;
  };
  document.addEventListener("visibilitychange", follow);
  follow();
  return () => {
    document.removeEventListener("visibilitychange", follow);
    stop?.();
  };
}
