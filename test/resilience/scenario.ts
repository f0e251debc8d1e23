import type { Random } from "../fuzz/random.ts";
import type { Served, ServeOptions } from "./served.ts";

/** The outcome of a scenario. It passed if there are no problems. */
export type Row = {
  /** What was done to the server, with counts. */
  readonly action: string;
  /** What was expected, with limits. */
  readonly expected: string;
  /** What was measured. */
  readonly observed: string;
  /** Expectations that were not met. */
  readonly problems: readonly string[];
};

/** The reason why a scenario cannot run on this machine. */
export type NotRun = { readonly notRun: string };

/** A failure or an attack that a server must survive. */
export type Scenario = {
  /** Name for `--only`. */
  readonly name: string;
  run(context: ScenarioContext): Promise<Row | NotRun>;
};

/** What a scenario runs with. Everything started through it is removed when the scenario ends. */
export type ScenarioContext = {
  readonly random: Random;
  /** Duration of what can take long, in seconds: some in CI, hours on demand. */
  readonly seconds: number;
  /** Starts `mdps serve`. Rejects with its standard error if it exits before it listens. */
  serve(options: ServeOptions): Promise<Served>;
  /** Creates an empty directory. */
  directory(): Promise<string>;
  /** Registers cleanup work for the end of the scenario. The last registered runs first. */
  atEnd(work: () => void | Promise<void>): void;
};

/** Collects the problems of a scenario. */
export type Findings = {
  readonly problems: string[];
  /** Adds the problem unless the condition holds. */
  check(holds: boolean, problem: string): void;
};

/** Creates an empty collection. */
export function createFindings(): Findings {
  const problems: string[] = [];
  return {
    problems,
    check(holds, problem) {
      if (!holds) {
        problems.push(problem);
      }
    },
  };
}

/** Returns the `--set` flags for settings by their paths, such as `limits.idleTimeout`. */
export function settingFlags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
}
