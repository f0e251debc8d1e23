import { useState } from "preact/hooks";
import { expectedDuration, parseDuration } from "../../emulator/durations.ts";
import { Field } from "../../ui/field.tsx";
import { useInvalidFocus } from "../form-errors.ts";

const steps = [
  ["1 minute", 60_000],
  ["1 hour", 3_600_000],
  ["1 day", 86_400_000],
  ["7 days", 604_800_000],
  ["30 days", 2_592_000_000],
] as const;

type AdvanceClockProps = {
  onAdvance: (ms: number) => Promise<boolean>;
  /** What the emulator says of the duration. */
  error: string | undefined;
};

/** Advances the clock by one of some steps, or by a typed duration. */
export function AdvanceClock({ onAdvance, error }: AdvanceClockProps) {
  const [text, setText] = useState("");
  const [isUnreadable, setUnreadable] = useState(false);
  const { form, fail } = useInvalidFocus();
  const submit = async (event: Event) => {
    event.preventDefault();
    const ms = parseDuration(text);
    setUnreadable(ms === undefined);
    if (ms === undefined || !(await onAdvance(ms))) {
      fail();
    }
  };
  return (
    <form ref={form} class="stack" onSubmit={submit} noValidate>
      <fieldset>
        <legend>Advance by</legend>
        <div class="row">
          {steps.map(([label, ms]) => (
            <button key={label} type="button" onClick={() => onAdvance(ms)}>
              {label}
            </button>
          ))}
        </div>
      </fieldset>
      <div class="row with-button">
        <Field label="Other duration" error={isUnreadable ? `must be ${expectedDuration}` : error}>
          {(attributes) => (
            <input
              {...attributes}
              placeholder="36h"
              value={text}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setUnreadable(false);
              }}
            />
          )}
        </Field>
        <button type="submit">Advance</button>
      </div>
    </form>
  );
}
