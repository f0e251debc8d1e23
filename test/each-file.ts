/** Runs before each file of tests. */
import fc from "fast-check";
import { afterAll, vi } from "vitest";

// The same cases each time, so that a failure belongs to a change. `npm run fuzz` looks for new ones.
fc.configureGlobal({ seed: 1 });

// Files of unit tests share processes. What a file has replaced must not stay for the next one.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});
