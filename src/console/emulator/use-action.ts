import { useRef, useState } from "preact/hooks";
import { refreshState } from "./emulator-state.ts";
import { type Problem, problemOf } from "./problem.ts";

/** Something that a person asks of the emulator. */
export type Action = {
  readonly isRunning: boolean;
  /** Why it failed the last time. */
  readonly problem: Problem | undefined;
  /** What it did the last time. */
  readonly outcome: string | undefined;
  /**
   * Runs a step after the earlier ones, then reads the state of the emulator again. The step returns what it did, for people.
   * Resolves with whether it succeeded.
   */
  run(step: () => Promise<string>): Promise<boolean>;
  /** Forgets problem and outcome. */
  forget(): void;
};

/** Remembers how an action of a component went. */
export function useAction(): Action {
  const [state, setState] = useState<Pick<Action, "isRunning" | "problem" | "outcome">>(idle);
  // Two clicks on "1 day" advance the clock by two days, also if the second one is faster than the emulator.
  const last = useRef<Promise<unknown>>(Promise.resolve());

  async function runNow(step: () => Promise<string>): Promise<boolean> {
    setState({ ...idle, isRunning: true });
    try {
      const outcome = await step();
      await refreshState();
      setState({ ...idle, outcome });
      return true;
    } catch (cause) {
      setState({ ...idle, problem: problemOf(cause) });
      void refreshState();
      return false;
    }
  }

  return {
    ...state,
    run(step) {
      const result = last.current.then(() => runNow(step));
      last.current = result;
      return result;
    },
    forget: () => setState(idle),
  };
}

const idle = { isRunning: false, problem: undefined, outcome: undefined };
