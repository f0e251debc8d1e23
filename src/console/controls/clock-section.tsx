import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import { Clock_Mode as Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { durationText, expectedDuration, parseDuration } from "../emulator/durations.ts";
import { clock, emulatedOffset, emulatedSecond } from "../emulator/emulator-state.ts";
import { useAction } from "../emulator/use-action.ts";
import { Chip } from "../ui/chip.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { Outcome, Section } from "./section.tsx";
import { SetTime } from "./set-time.tsx";
import { localText, utcText } from "./typed-time.ts";

const names: Readonly<Record<Mode, string>> = {
  [Mode.MODE_UNSPECIFIED]: "unknown",
  [Mode.REAL]: "real",
  [Mode.SHIFTED]: "shifted",
  [Mode.FROZEN]: "frozen",
};

const steps = [
  ["1 minute", 60_000],
  ["1 hour", 3_600_000],
  ["1 day", 86_400_000],
  ["7 days", 604_800_000],
  ["30 days", 2_592_000_000],
] as const;

/** Shows the clock of the emulator and sets it. */
export function ClockSection() {
  const action = useAction();
  const mode = clock.value?.mode ?? Mode.MODE_UNSPECIFIED;
  const setMode = (next: Mode, outcome: string) =>
    action.run(async () => {
      await emulator.updateClock({ clock: { mode: next } });
      return outcome;
    });
  return (
    <Section
      id="clock"
      title="Clock"
      aside={<Chip tone={mode === Mode.REAL ? "neutral" : "warn"}>{names[mode]}</Chip>}
    >
      <Now />
      <div class="row">
        {mode === Mode.FROZEN ? (
          <button type="button" onClick={() => setMode(Mode.SHIFTED, "The clock runs on.")}>
            Run
          </button>
        ) : (
          <button type="button" onClick={() => setMode(Mode.FROZEN, "The clock stands still.")}>
            Freeze
          </button>
        )}
        <button
          type="button"
          disabled={mode === Mode.REAL}
          onClick={() => setMode(Mode.REAL, "The clock is that of the machine again.")}
        >
          Back to real time
        </button>
      </div>
      <Advance
        onAdvance={(ms) =>
          action.run(async () => {
            await emulator.advanceClock({ duration: durationFromMs(ms) });
            return `Advanced by ${durationText(ms)}.`;
          })
        }
      />
      <SetTime
        onSet={(ms, next) =>
          action.run(async () => {
            await emulator.updateClock({ clock: { mode: next, time: timestampFromMs(ms) } });
            return next === Mode.FROZEN ? "The clock is set and stands still." : "The clock is set and runs.";
          })
        }
      />
      <ProblemBox problem={action.problem} title="The clock was not changed" />
      <Outcome text={action.outcome} />
    </Section>
  );
}

/** The emulated time and how far it is from that of the machine. It ticks, and no screen reader says so. */
function Now() {
  const second = emulatedSecond.value;
  const offset = clock.value?.mode === Mode.REAL ? 0 : emulatedOffset();
  return (
    <div class="now" role="timer" aria-live="off">
      <time class="now-time" dateTime={new Date(second).toISOString()}>
        {utcText(second)}
      </time>
      <span class="muted">
        {localText(second)}
        {" · "}
        {Math.abs(offset) < 1
          ? "the time of the machine"
          : `${durationText(offset)} ${side(offset)} the machine`}
      </span>
    </div>
  );
}

function side(offset: number): string {
  return offset > 0 ? "ahead of" : "behind";
}

function Advance({ onAdvance }: { onAdvance: (ms: number) => Promise<boolean> }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    const ms = parseDuration(text);
    setError(ms ? undefined : `must be ${expectedDuration}`);
    if (ms) {
      await onAdvance(ms);
    }
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <fieldset class="row">
        <legend>Advance by</legend>
        {steps.map(([label, ms]) => (
          <button key={label} type="button" onClick={() => onAdvance(ms)}>
            {label}
          </button>
        ))}
      </fieldset>
      <div class="row with-button">
        <Field label="Another duration" error={error}>
          {(attributes) => (
            <input
              {...attributes}
              class="short"
              placeholder="36h"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <button type="submit">Advance</button>
      </div>
    </form>
  );
}
