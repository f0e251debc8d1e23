import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Clock_Mode as Mode } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { durationText } from "../../emulator/durations.ts";
import { clock, emulatedOffset, emulatedSecond } from "../../emulator/emulator-state.ts";
import { useAction } from "../../emulator/use-action.ts";
import { Chip } from "../../ui/chip.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { utcText } from "../../ui/time-text.ts";
import { besides, violationOf } from "../form-errors.ts";
import { Outcome, Section } from "../section.tsx";
import { AdvanceClock } from "./advance-clock.tsx";
import { SetTime } from "./set-time.tsx";
import { localText, localZoneName } from "./typed-time.ts";

const names: Readonly<Record<Mode, string>> = {
  [Mode.MODE_UNSPECIFIED]: "unknown",
  [Mode.REAL]: "real",
  [Mode.SHIFTED]: "shifted",
  [Mode.FROZEN]: "frozen",
};

/** Shows the clock of the emulator and sets it. */
export function ClockSection() {
  const action = useAction();
  const mode = clock.value?.mode ?? Mode.MODE_UNSPECIFIED;
  const isFrozen = mode === Mode.FROZEN;
  const setMode = (next: Mode, outcome: string) =>
    action.run(async () => {
      await emulator.updateClock({ clock: { mode: next } });
      return outcome;
    });
  const advance = (ms: number) =>
    action.run(async () => {
      await emulator.advanceClock({ duration: durationFromMs(ms) });
      return `Advanced by ${durationText(ms)}.`;
    });
  const setTime = (ms: number, next: Mode) =>
    action.run(async () => {
      await emulator.updateClock({ clock: { mode: next, time: timestampFromMs(ms) } });
      return `Set to ${utcText(ms)}. ${next === Mode.FROZEN ? "The clock stands still." : "The clock runs."}`;
    });
  return (
    <Section
      id="clock"
      title="Clock"
      aside={<Chip tone={mode === Mode.REAL ? "neutral" : "warn"}>{names[mode]}</Chip>}
    >
      <Now />
      <div class="row">
        <button
          type="button"
          onClick={() =>
            isFrozen
              ? setMode(Mode.SHIFTED, "The clock runs on.")
              : setMode(Mode.FROZEN, "The clock stands still.")
          }
        >
          {isFrozen ? "Run" : "Freeze"}
        </button>
        <button
          type="button"
          disabled={mode === Mode.REAL}
          onClick={() => setMode(Mode.REAL, "The clock is that of the machine again.")}
        >
          Back to real time
        </button>
      </div>
      <AdvanceClock onAdvance={advance} error={violationOf(action.problem, "duration")} />
      <SetTime onSet={setTime} error={violationOf(action.problem, "clock.time")} />
      <ProblemBox
        problem={besides(action.problem, ["duration", "clock.time"])}
        title="The clock was not changed"
      />
      <Outcome text={action.outcome} />
    </Section>
  );
}

/** The emulated time and how far it is from that of the machine. It ticks, and no screen reader says so. */
function Now() {
  const second = emulatedSecond.value;
  const offset = clock.value?.mode === Mode.REAL ? 0 : emulatedOffset();
  const distance =
    Math.abs(offset) < 1
      ? "the time of the machine"
      : `${durationText(offset)} ${offset > 0 ? "ahead of" : "behind"} the machine`;
  return (
    <div class="now" role="timer" aria-live="off">
      <time class="now-time" dateTime={new Date(second).toISOString()}>
        {utcText(second)}
      </time>
      <span class="muted">
        {weekday.format(second)}
        {localZoneName() !== "UTC" && ` · ${localText(second)}`} · {distance}
      </span>
    </div>
  );
}

const weekday = new Intl.DateTimeFormat("en", { weekday: "long", timeZone: "UTC" });
