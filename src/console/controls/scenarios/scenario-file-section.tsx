import { useRef, useState } from "preact/hooks";
import { emulator } from "../../emulator/client.ts";
import { useAction } from "../../emulator/use-action.ts";
import { Field } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { Outcome, Section } from "../section.tsx";
import { placedProblems, recordsText } from "./scenario-problems.ts";
import { ScenarioProblems, showLine } from "./scenario-problems-view.tsx";

/** Most bytes of a file: the emulator takes no more. */
const maxBytes = 4 * 1024 * 1024;

const placeholder = `clock: { mode: FROZEN }
records:
  - clientId: mobiledataplan
    userKey: "491700000001"
    example: prepaid`;

/** Loads a scenario from a file or from text, and leads to each of its errors. */
export function ScenarioFileSection() {
  const action = useAction();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [name, setName] = useState("text");
  const [isTooLarge, setTooLarge] = useState(false);
  const problems = placedProblems(action.problem?.violations ?? []);
  const change = (next: string) => {
    setText(next);
    action.forget();
  };
  const readFile = async (file: File | undefined) => {
    setTooLarge(file !== undefined && file.size > maxBytes);
    if (file && file.size <= maxBytes) {
      setName(file.name);
      // Meanwhile, there is nothing to load: not the text before under the name of this file.
      change("");
      change(await file.text());
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    return action.run(async () => {
      const { recordCount } = await emulator.loadScenario({ source: { case: "text", value: text } });
      return `Loaded ${name}: ${recordsText(recordCount)}.`;
    });
  };
  return (
    <Section id="scenario-file" title="Scenario from a file">
      <form class="stack" onSubmit={submit} noValidate>
        <Field
          label="File"
          hint="YAML or JSON. Times may be relative: now, +20d, -1h30m."
          error={isTooLarge ? "must have at most 4 MiB" : undefined}
        >
          {(attributes) => (
            <input
              {...attributes}
              type="file"
              accept=".yaml,.yml,.json"
              // So that a file that was changed on the disk can be chosen again.
              onClick={(event) => {
                event.currentTarget.value = "";
              }}
              onChange={(event) => readFile(event.currentTarget.files?.[0])}
            />
          )}
        </Field>
        <Field label="Text">
          {(attributes) => (
            <textarea
              {...attributes}
              ref={area}
              class="code"
              rows={8}
              wrap="off"
              spellcheck={false}
              placeholder={placeholder}
              value={text}
              onInput={(event) => change(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="row">
          <button type="submit" disabled={text === ""}>
            Load the text
          </button>
        </div>
        <ProblemBox
          problem={problems.length === 0 ? action.problem : undefined}
          title="The scenario was not loaded"
        />
        <ScenarioProblems
          name={name}
          text={text}
          problems={problems}
          onShow={(line) => area.current && showLine(area.current, line)}
        />
        <Outcome text={action.outcome} />
      </form>
    </Section>
  );
}
