import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/cluster/*.cluster.ts"],
    globalSetup: ["test/cluster/global-setup.ts"],
    // One cluster for all, and some tests kill its nodes.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
