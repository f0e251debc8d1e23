import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Starting the program again and again takes its time, as does PostgreSQL: `npm run test:e2e`, `test:postgres`.
    exclude: ["test/e2e/**", "test/store/postgres-*.test.ts"],
    // Tests start real servers; a slow machine is no reason to fail.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
