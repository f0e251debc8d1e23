/**
 * `npm run test:all`: every suite beside the unit tests. `npm run test:all -- --project NAME [ARGUMENTS]` runs one and
 * passes the other arguments on, such as a file or `--require-all`. `--write` makes suites write their sections of
 * docs/compatibility.md instead of comparing them.
 *
 * A suite that needs programs this machine lacks (PostgreSQL, proxies, Java and Maven, Go, Python, Rust, PHP, Ruby, protoc,
 * Chromium, promtool) skips what it cannot run and says so.
 */
import { runSteps, type Steps } from "./run-steps.ts";

const vitest = (project: string) => [["vitest", "run", "--project", project]];
const script = (path: string) => [["node", path]];

/** The suites, in the order in which they run. */
export const suites: Steps = {
  e2e: vitest("e2e"),
  postgres: vitest("postgres"),
  providers: vitest("providers"),
  console: vitest("console"),
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
  if (args.includes("--write")) {
    process.env.MDPS_WRITE_FIGURES = "1";
  }
  const at = args.indexOf("--project");
  if (at === -1) {
    runSteps(suites, [], args);
  } else {
    const name = args[at + 1] ?? "";
    // vitest rejects arguments that it does not know.
    const isVitest = suites[name]?.[0]?.[0] === "vitest";
    runSteps(
      suites,
      [name],
      args.toSpliced(at, 2).filter((each) => !(isVitest && each === "--write")),
    );
  }
}
