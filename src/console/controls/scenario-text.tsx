import { useRef, useState } from "preact/hooks";
import { emulator } from "../emulator/client.ts";
import { useAction } from "../emulator/use-action.ts";
import { Field } from "../ui/field.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { offsetOf, placedProblems, recordsText } from "./scenario-problems.ts";
import { Outcome } from "./section.tsx";

/** Loads a scenario from a file or from text, and leads to each of its errors. */
export function ScenarioText() {
  const action = useAction();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [name, setName] = useState("text");
  const problems = placedProblems(action.problem?.violations ?? []);
  const change = (next: string) => {
    setText(next);
    action.forget();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    return action.run(async () => {
      const { recordCount } = await emulator.loadScenario({ source: { case: "text", value: text } });
      return `Loaded ${name}: ${recordsText(recordCount)}.`;
    });
  };
  const show = (line: number, column: number) => {
    const offset = offsetOf(text, line, column);
    area.current?.focus();
    area.current?.setSelectionRange(offset, offset);
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <Field label="A file of your own" hint="YAML or JSON. Times may be relative: now, +20d, -1h30m.">
        {(attributes) => (
          <input
            {...attributes}
            type="file"
            accept=".yaml,.yml,.json"
            onChange={async (event) => {
              const file = event.currentTarget.files?.[0];
              if (file) {
                setName(file.name);
                change(await file.text());
              }
            }}
          />
        )}
      </Field>
      <Field label="Its text">
        {(attributes) => (
          <textarea
            {...attributes}
            ref={area}
            class="code"
            rows={8}
            spellcheck={false}
            placeholder={
              'clock: { mode: FROZEN }\nrecords:\n  - userKey: "491700000001"\n    example: prepaid'
            }
            value={text}
            onInput={(event) => change(event.currentTarget.value)}
          />
        )}
      </Field>
      <div class="row">
        <button type="submit" disabled={text === "" || action.isRunning}>
          Load the text
        </button>
      </div>
      {action.problem && problems.length === 0 && (
        <ProblemBox problem={action.problem} title="The scenario was not loaded" />
      )}
      <div role="alert">
        {problems.length > 0 && (
          <div class="problem">
            <strong>
              {problems.length === 1 ? "1 error" : `${problems.length} errors`}: nothing was loaded
            </strong>
            <ul>
              {problems.map(({ line, column, path, description }, index) => (
                <li key={index}>
                  {line !== undefined && column !== undefined && (
                    <button type="button" class="link" onClick={() => show(line, column)}>
                      {name}:{line}:{column}
                    </button>
                  )}{" "}
                  {path && <code>{path}</code>} {description}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
      <Outcome text={action.outcome} />
    </form>
  );
}
