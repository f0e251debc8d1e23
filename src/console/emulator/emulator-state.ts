import { signal } from "@preact/signals";
import type {
  Clock,
  Fault,
  Registration,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "./client.ts";
import { type Problem, problemOf } from "./problem.ts";

/** What is set in the emulator. Undefined until it is known. */
export const clock = signal<Clock | undefined>(undefined);
export const faults = signal<readonly Fault[]>([]);
export const registration = signal<Registration | undefined>(undefined);

/** Why the emulator cannot be reached; undefined if it can. */
export const connection = signal<Problem | undefined>(undefined);

/** Reads the state again. Call it after each change; other programs may change it too. */
export async function refreshState(): Promise<void> {
  try {
    const [now, { faults: found }, registered] = await Promise.all([
      emulator.getClock({}),
      emulator.listFaults({ pageSize: 1000 }),
      emulator.getRegistration({}),
    ]);
    clock.value = now;
    faults.value = found;
    registration.value = registered;
    connection.value = undefined;
  } catch (cause) {
    connection.value = problemOf(cause);
  }
}

const refreshMs = 2_000;

/** Keeps the state current while the page is visible. */
export function watchState(): void {
  const refresh = async () => {
    if (document.visibilityState === "visible") {
      await refreshState();
    }
    setTimeout(refresh, refreshMs);
  };
  document.addEventListener("visibilitychange", () => void refreshState());
  void refresh();
}
