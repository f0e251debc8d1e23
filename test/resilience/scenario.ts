import type { Random } from "../fuzz/random.ts";
import type { Served, ServeOptions } from "./served.ts";

/** What came of a scenario. It passed if there are no faults. */
export type Row = {
  /** What was done to the server, with its numbers. */
  readonly done: string;
  /** What was required, with its bounds. */
  readonly required: string;
  /** What was measured. */
  readonly seen: string;
  /** What of the required did not hold, each with what repeats it. */
  readonly faults: readonly string[];
};

/** Why a scenario could not be run here. */
export type NotRun = { readonly notRun: string };

/** Something that goes wrong, or is done to a server on purpose. */
export type Scenario = {
  /** As `--only` takes it. */
  readonly name: string;
  run(context: ScenarioContext): Promise<Row | NotRun>;
};

/** What every scenario is given. Whatever it starts by way of it is gone when the scenario is over. */
export type ScenarioContext = {
  readonly random: Random;
  /** How long what can be long may take, in seconds: a few in CI, hours on demand. */
  readonly seconds: number;
  /** Options that `mdps serve` knows, such as `--workers`. */
  readonly flags: ReadonlySet<string>;
  /** Starts `mdps serve`. Rejects with what it wrote if it ends before it listens. */
  serve(options: ServeOptions): Promise<Served>;
  /** Makes an empty directory. */
  directory(): Promise<string>;
  /** Calls something when the scenario is over, the last one first. */
  atEnd(work: () => void | Promise<void>): void;
};

/** Collects what did not hold. */
export type Findings = {
  readonly faults: string[];
  /** Notes the fault unless the condition holds. */
  check(holds: boolean, fault: string): void;
};

/** Creates an empty collection. */
export function createFindings(): Findings {
  const faults: string[] = [];
  return {
    faults,
    check(holds, fault) {
      if (!holds) {
        faults.push(fault);
      }
    },
  };
}

/** Returns the flags for settings by their paths, such as `limits.idleTimeout`; undefined if there is no `--set` yet. */
export function settingFlags(
  { flags }: Pick<ScenarioContext, "flags">,
  settings: Readonly<Record<string, string | number>>,
): string[] | undefined {
  return flags.has("--set")
    ? Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`])
    : undefined;
}
