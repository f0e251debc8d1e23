/**
 * `npm run test:all`: every suite beside the unit tests. `npm run test:all -- --project NAME [ARGUMENTS]` runs one and
 * passes the other arguments on, such as a file or `--require-all`.
 *
 * A suite that needs programs this machine lacks (PostgreSQL, proxies, Java and Maven, Go, Python, Rust, Chromium, promtool) skips
 * what it cannot run and says so.
 */
import { runSteps, type Steps } from "./run-steps.ts";

const vitest = (project: string) => [["vitest", "run", "--project", project]];
const script = (path: string) => [["node", path]];

/** The suites, in the order in which they run. */
export const suites: Steps = {
  e2e: vitest("e2e"),
  postgres: vitest("postgres"),
  providers: vitest("providers"),
  proxies: vitest("proxies"),
  tools: vitest("tools"),
  "google-clients": script("test/google-clients/main.ts"),
  "google-auth": script("test/interop/google-auth/main.ts"),
  deploy: vitest("deploy"),
  package: vitest("package"),
  nodes: script("test/package/unit-tests.ts"),
  cluster: vitest("cluster"),
  resilience: script("test/resilience/main.ts"),
  interop: script("test/interop/main.ts"),
};

if (import.meta.main) {
  const args = process.argv.slice(2);
  const at = args.indexOf("--project");
  if (at === -1) {
    runSteps(suites, [], args);
  } else {
    runSteps(suites, [args[at + 1] ?? ""], args.toSpliced(at, 2));
  }
}
