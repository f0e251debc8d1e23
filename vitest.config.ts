import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests start hundreds of threads and processes from the TypeScript sources. With a cache of what Node compiles, each
// takes half the CPU time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "node_modules/.cache/mdps-test");

const seconds = 1_000;

/** The folders of `test/` whose suites are projects of their own, with how their tests are run. Everything else is `unit`. */
const suites = {
  // They start the program many times, which takes long on a busy machine. While they wait for it, a processor is free.
  e2e: { include: ["test/e2e/**/*.test.ts"], maxWorkers: 3, testTimeout: 120 * seconds },
  // Each starts a PostgreSQL of its own. Some stop it, freeze it or fill its disk.
  postgres: { include: ["test/store/postgres/**/*.test.ts"] },
  // They create keys and start identity providers, correct and faulty ones.
  providers: { include: ["test/auth/providers/**/*.test.ts", "test/interop/google-auth/**/*.test.ts"] },
  // One Cassandra cluster for all tests, and some kill its nodes.
  cluster: {
    include: ["test/cluster/**/*.test.ts"],
    globalSetup: ["test/cluster/global-setup.ts"],
    fileParallelism: false,
    testTimeout: 60 * seconds,
    hookTimeout: 60 * seconds,
  },
  // The console of the emulator, in Chromium.
  console: { include: ["test/browser/**/*.test.ts"], testTimeout: 120 * seconds },
  // nginx, HAProxy, Caddy and Apache in front of real servers.
  proxies: { include: ["test/proxies/**/*.test.ts"], testTimeout: 120 * seconds, hookTimeout: 60 * seconds },
  // Tools written in Go and Python, which are fetched the first time.
  tools: {
    include: ["test/tools/**/*.test.ts", "test/google-clients/streams/**/*.test.ts"],
    testTimeout: 60 * seconds,
    hookTimeout: 600 * seconds,
  },
  // They build the container image from nothing, and tools in Go.
  deploy: {
    include: ["test/deploy/**/*.test.ts"],
    testTimeout: 120 * seconds,
    hookTimeout: 900 * seconds,
  },
  // They install the package from the registry, once per version of Node, and build the contract as its users do.
  package: {
    include: ["test/package/**/*.test.ts"],
    globalSetup: ["test/package/global-setup.ts"],
    testTimeout: 120 * seconds,
    hookTimeout: 300 * seconds,
  },
};

// Tests start real servers, also on slow machines.
const common = {
  setupFiles: ["test/each-file.ts"],
  testTimeout: 60 * seconds,
  hookTimeout: 60 * seconds,
  // A test that reaches no `expect` cannot fail. What is polled comes at once, except on a busy machine.
  expect: { requireAssertions: true, poll: { timeout: 20 * seconds } },
};

export default defineConfig({
  test: {
    // As CI has processors. Suites that often wait have more; unit tests too (package.json).
    maxWorkers: 2,
    maxConcurrency: 20,
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          // A process of its own for each file, which imports everything again, would take a third of the time.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: Object.values(suites).flatMap(({ include }) => include),
        },
      },
      ...Object.entries(suites).map(([name, suite]) => ({ test: { ...common, name, ...suite } })),
    ],
  },
});
