import type { ServerParts } from "../../server/server-extension.ts";
import type { EmulatorState } from "../emulator-state.ts";
import { checkFault } from "../faults/fault-check.ts";
import { applyScenario, clearAll, setClock } from "./apply-scenario.ts";
import type { NamedSource } from "./named-source.ts";
import { readScenario } from "./read-scenario.ts";
import type { Scenario } from "./scenario.ts";

/** What an emulator has after its start, and again after a reset. */
export type EmulatorStart = {
  /** Operator of the records of scenarios that name none, `operators/{asn_id}`. Defaults to `operators/65001`. */
  readonly parent?: string | undefined;
  /** How the clock is set before the scenario is loaded. Defaults to that of the machine. */
  readonly clock?: Scenario["clock"];
  readonly scenario?: NamedSource | undefined;
  /** Stores records before the scenario is loaded, for example those of a file. */
  readonly load?: ((parts: LoadParts) => Promise<void>) | undefined;
};

/** What loads records. */
export type LoadParts = Pick<ServerParts, "store" | "rules" | "clock">;

/** Loads scenarios and resets an emulator, one after the other. */
export type ScenarioLoader = {
  /** Resolves with the number of stored records. Rejects with ScenarioError and StoreUnavailable. */
  load(scenario: NamedSource): Promise<number>;
  /** Sets up what the emulator has after its start, in a store that may have records. */
  start(): Promise<void>;
  /** Deletes everything, then starts. */
  reset(): Promise<void>;
};

export function createScenarioLoader(
  target: EmulatorState,
  { store, rules, clockSkewMs }: Pick<ServerParts, "store" | "rules" | "clockSkewMs">,
  begin: EmulatorStart = {},
): ScenarioLoader {
  let last: Promise<unknown> = Promise.resolve();

  /** Runs a step after the earlier ones: a load and a reset must not run at the same time. */
  function inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = last.then(step);
    last = result.catch(() => undefined);
    return result;
  }

  async function load({ name, source }: NamedSource): Promise<number> {
    const scenario = readScenario(source, name, {
      rules,
      clockMode: target.clock.mode,
      nowMs: target.clock.now(),
      machineMs: Date.now(),
      clockSkewMs,
      parent: begin.parent ?? "operators/65001",
      checkFault,
    });
    await applyScenario(scenario, target, store);
    return scenario.records.length;
  }

  async function start(): Promise<void> {
    if (begin.clock !== undefined) {
      setClock(target.clock, begin.clock);
    }
    await begin.load?.({ store, rules, clock: target.clock });
    if (begin.scenario !== undefined) {
      await load(begin.scenario);
    }
  }

  return {
    load: (scenario) => inTurn(() => load(scenario)),
    start: () => inTurn(start),
    reset: () =>
      inTurn(async () => {
        await clearAll(target, store);
        await start();
      }),
  };
}
