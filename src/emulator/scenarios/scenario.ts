import type { Fault } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import type { FieldViolation } from "../../contract/field-violation.ts";
import type { PutRecord } from "../../store/plan-store.ts";
import type { ClockMode } from "../clock/emulator-clock.ts";
import type { Place } from "./yaml-document.ts";

/** What a scenario does to an emulator, checked completely. All times are resolved. */
export type Scenario = {
  /** How the clock is set; undefined if it stays as it is. */
  readonly clock: { readonly mode: ClockMode; readonly ms: number } | undefined;
  /** Whether registration is enforced; undefined if that stays as it is. */
  readonly enforced: boolean | undefined;
  readonly devices: readonly ScenarioDevice[];
  readonly faults: readonly Fault[];
  readonly records: readonly PutRecord[];
};

/** A device that has registered. */
export type ScenarioDevice = { readonly asn: number; readonly userKey: string };

/** One error of a scenario, and where it is in the text. */
export type ScenarioProblem = Place & {
  /** Path such as `records[3].planStatus.plans[0].planId`; empty for the whole text. */
  readonly path: string;
  readonly description: string;
};

/** Largest number of errors that are listed, so that a large file of errors does not take all memory. */
const mostListed = 100;

/** Raised for a scenario with errors. The message lists them, each on a line. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  readonly problems: readonly ScenarioProblem[];

  /** `name`: name of the file or of the scenario, with which each line begins. */
  constructor(name: string, problems: readonly ScenarioProblem[]) {
    const lines = problems
      .slice(0, mostListed)
      .map(({ line, column, path, description }) =>
        [`${name}:${line}:${column}`, path, description].filter((part) => part !== "").join(": "),
      );
    const more = problems.length - lines.length;
    super([...lines, ...(more > 0 ? [`${name}: ${more} more errors are not listed`] : [])].join("\n"));
    this.problems = problems;
  }
}

/** Returns the errors of a scenario as violations of the request that it came with. */
export function violationsOf(problems: readonly ScenarioProblem[]): FieldViolation[] {
  return problems.map(({ line, column, path, description }) => ({
    field: path === "" ? "text" : path,
    description: `line ${line}, column ${column}: ${description}`,
  }));
}
