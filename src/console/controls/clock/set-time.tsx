import { useState } from "preact/hooks";
import { Clock_Mode as Mode } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { Field } from "../../ui/field.tsx";
import { utcText } from "../../ui/time-text.ts";
import { useInvalidFocus } from "../form-errors.ts";
import { expectedTime, localText, localZoneName, parseTime, pickerText, type Zone } from "./typed-time.ts";

type SetTimeProps = {
  onSet: (ms: number, mode: Mode) => Promise<boolean>;
  /** What the emulator says of the time. */
  error: string | undefined;
};

/** Sets the clock to a time that is typed or picked: both controls show the same time. */
export function SetTime({ onSet, error }: SetTimeProps) {
  const [text, setText] = useState("");
  const [zone, setZone] = useState<Zone>("UTC");
  const [isUnreadable, setUnreadable] = useState(false);
  const { form, fail } = useInvalidFocus();
  const ms = parseTime(text, zone);
  const local = localZoneName();
  const meaning =
    ms !== undefined && [utcText(ms), local !== "UTC" && localText(ms)].filter(Boolean).join(", ");
  const submit = async (mode: Mode) => {
    setUnreadable(ms === undefined);
    if (ms === undefined || !(await onSet(ms, mode))) {
      fail();
    }
  };
  const read = (event: { currentTarget: HTMLInputElement }) => {
    setText(event.currentTarget.value);
    setUnreadable(false);
  };
  return (
    <form
      ref={form}
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(Mode.FROZEN);
      }}
    >
      <fieldset class="fields">
        <legend>Set a time</legend>
        <Field
          label="Time, as text"
          error={isUnreadable ? `must be ${expectedTime}` : error}
          hint={meaning || "With a zone, or in the one below."}
        >
          {(attributes) => (
            <input {...attributes} placeholder="2026-12-24T18:00:00Z" value={text} onInput={read} />
          )}
        </Field>
        <Field label="Date and time">
          {(attributes) => (
            <input
              {...attributes}
              type="datetime-local"
              step={1}
              value={ms === undefined ? "" : pickerText(ms, zone)}
              onInput={read}
            />
          )}
        </Field>
        <Field label="Zone">
          {(attributes) => (
            <select
              {...attributes}
              value={zone}
              onChange={(event) => setZone(event.currentTarget.value as Zone)}
            >
              <option value="UTC">UTC</option>
              {local !== "UTC" && <option value="local">{local}</option>}
            </select>
          )}
        </Field>
      </fieldset>
      <div class="row">
        <button type="submit">Set and freeze</button>
        <button type="button" onClick={() => submit(Mode.SHIFTED)}>
          Set and run
        </button>
      </div>
    </form>
  );
}
