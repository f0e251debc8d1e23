import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Starting the program again and again takes its time, as do PostgreSQL and identity providers: `npm run test:e2e`,
    // `test:postgres`, `test:providers`.
    exclude: [
      "test/e2e/**",
      "test/store/postgres-*.test.ts",
      "test/auth/{bad-tokens,introspection,jwt-issuer}.test.ts",
      "test/interop/google-auth/checks.test.ts",
    ],
    // Tests start real servers; a slow machine is no reason to fail.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
