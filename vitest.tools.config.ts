import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/tools/*.tools.ts"],
    // Building a tool fetches its modules the first time.
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});
