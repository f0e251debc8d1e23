import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/package/*.package.ts"],
    // They install the package, with a Node each, from the registry.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
