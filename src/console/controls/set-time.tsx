import { useState } from "preact/hooks";
import { Clock_Mode as Mode } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { Field } from "../ui/field.tsx";
import {
  expectedTime,
  localText,
  localZoneName,
  parseTime,
  pickerText,
  utcText,
  type Zone,
} from "./typed-time.ts";

type SetTimeProps = { onSet: (ms: number, mode: Mode) => Promise<boolean> };

/** Sets the clock to a time that is picked or typed; both controls show the same time. */
export function SetTime({ onSet }: SetTimeProps) {
  const [text, setText] = useState("");
  const [zone, setZone] = useState<Zone>("UTC");
  const [error, setError] = useState<string>();
  const ms = parseTime(text, zone);
  const submit = async (event: Event, mode: Mode) => {
    event.preventDefault();
    setError(ms === undefined ? `must be ${expectedTime}` : undefined);
    if (ms !== undefined) {
      await onSet(ms, mode);
    }
  };
  const local = localZoneName();
  return (
    <form class="stack" onSubmit={(event) => submit(event, Mode.FROZEN)} noValidate>
      <fieldset class="row fields">
        <legend>Set a time</legend>
        <Field
          label="Time"
          error={error}
          hint={
            ms === undefined ? "ISO text" : `${utcText(ms)}${local === "UTC" ? "" : `, ${localText(ms)}`}`
          }
        >
          {(attributes) => (
            <input
              {...attributes}
              placeholder="2026-12-24T18:00:00Z"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Picked">
          {(attributes) => (
            <input
              {...attributes}
              type="datetime-local"
              step={1}
              value={ms === undefined ? "" : pickerText(ms, zone)}
              onInput={(event) => setText(event.currentTarget.value)}
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
        <button type="button" onClick={(event) => submit(event, Mode.SHIFTED)}>
          Set and run
        </button>
      </div>
    </form>
  );
}
