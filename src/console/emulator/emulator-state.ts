import { equals } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { batch, signal } from "@preact/signals";
import {
  type Clock,
  type Fault,
  FaultSchema,
  type Registration,
} from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "./client.ts";
import { noteReading, readingOf, startTicking } from "./emulated-clock.ts";
import { isAnswered, type Problem, problemOf } from "./problem.ts";
import { whileVisible } from "./while-visible.ts";

export { emulatedNow, emulatedOffset, emulatedSecond } from "./emulated-clock.ts";

/** The clock of the emulator; undefined until it is known. */
export const clock = signal<Clock | undefined>(undefined);
/** The injected errors; none until they are known. */
export const faults = signal<readonly Fault[]>([]);
/** Whether registration is enforced, and how many devices there are; undefined until it is known. */
export const registration = signal<Registration | undefined>(undefined);

/** Why the emulator cannot be reached; undefined if it can. */
export const connection = signal<Problem | undefined>(undefined);

/** Milliseconds between an answer and the next question, and until an answer is not waited for any more. */
const refreshMs = 2_000;
const timeoutMs = 5_000;

let asked = 0;
let answered = 0;

/** Reads the state again. Call it after each change; other programs may change it too. */
export async function refreshState(): Promise<void> {
  const number = ++asked;
  /** Runs a change unless a later question has been answered already: this one may not know of it. */
  const apply = (change: () => void) => {
    if (number > answered) {
      answered = number;
      batch(change);
    }
  };
  try {
    const [now, found, registered] = await Promise.all([
      readClock(),
      listFaults(),
      emulator.getRegistration({}, { timeoutMs }),
    ]);
    apply(() => {
      noteReading(now.reading);
      clock.value = now.clock;
      // Long lists are only drawn again if something has changed.
      if (!isSame(faults.peek(), found)) {
        faults.value = found;
      }
      registration.value = registered;
      connection.value = undefined;
    });
  } catch (cause) {
    apply(() => {
      connection.value = outageOf(cause);
    });
  }
}

/** Returns what to tell of a question that got no answer. */
function outageOf(cause: unknown): Problem {
  const problem = problemOf(cause);
  return isAnswered(ConnectError.from(cause))
    ? { ...problem, message: `The emulator rejects this page: ${problem.message}` }
    : {
        ...problem,
        message: `The emulator at ${location.origin} does not answer. Start it again, for example with: mdps dev. This page reconnects by itself; what it shows may be old.`,
      };
}

async function readClock() {
  const askedAtMs = performance.now();
  const found = await emulator.getClock({}, { timeoutMs });
  return { clock: found, reading: readingOf(found, askedAtMs, performance.now()) };
}

function isSame(before: readonly Fault[], after: readonly Fault[]): boolean {
  return (
    before.length === after.length &&
    after.every((fault, index) => equals(FaultSchema, fault, before[index] as Fault))
  );
}

/** Lists all faults, of which there are at most 1000. */
async function listFaults(): Promise<Fault[]> {
  const found: Fault[] = [];
  let pageToken = "";
  do {
    const page = await emulator.listFaults({ pageSize: 1_000, pageToken }, { timeoutMs });
    found.push(...page.faults);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

/** Keeps the state current while the page is visible, until the returned function is called. */
export function watchState(): () => void {
  return whileVisible(keepCurrent);
}

function keepCurrent(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const refresh = async () => {
    await refreshState();
    if (!stopped) {
      timer = setTimeout(refresh, refreshMs);
    }
  };
  void refresh();
  const stopTicking = startTicking();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stopTicking();
  };
}
