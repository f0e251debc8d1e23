import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each starts a PostgreSQL of its own, and some stop it, freeze it or fill its disk.
    include: ["test/store/postgres-*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
