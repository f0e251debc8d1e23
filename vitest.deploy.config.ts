import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/deploy/*.deploy.ts"],
    // They build: the image from nothing, and tools in Go, which fetch their modules the first time.
    testTimeout: 120_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
});
