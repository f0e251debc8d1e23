import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Each makes keys and starts identity providers, good and bad ones, which takes its time.
    include: [
      "test/auth/{bad-tokens,introspection,jwt-issuer}.test.ts",
      "test/interop/google-auth/checks.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
