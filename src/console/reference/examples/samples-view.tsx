import { useMemo, useState } from "preact/hooks";
import type { Contract } from "../../contract/contract.ts";
import { emulatedNow } from "../../emulator/emulated-clock.ts";
import { defaultOperator } from "../../emulator/resource-names.ts";
import { openInPlayground, savedDraft } from "../../ui/draft.ts";
import { JsonView } from "../../ui/json/json-view.tsx";
import { type Sample, samplesOf } from "./samples.ts";

/** Examples of a message, which can be opened in the playground. */
export function Samples({ fullName, contract }: { fullName: string; contract: Contract }) {
  const samples = useMemo(() => samplesOf(fullName, contract, new Date(emulatedNow())), [fullName, contract]);
  const [name, setName] = useState("");
  const sample = samples.find(({ example }) => example.name === name) ?? samples[0];
  const text = useMemo(() => JSON.stringify(sample?.json, null, 2), [sample]);
  if (sample === undefined) {
    return null;
  }
  return (
    <>
      <h3>Example</h3>
      <div class="toolbar">
        <select
          aria-label="Example"
          value={sample.example.name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        >
          {samples.map(({ example }) => (
            <option key={example.name} value={example.name}>
              {example.name}: {example.summary}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => openSample(sample)}>
          {sample.isWhole ? "Open in the playground" : "Open the whole status in the playground"}
        </button>
      </div>
      <JsonView text={text} label="Example as JSON" />
    </>
  );
}

function openSample({ example }: Sample): void {
  const { operator = defaultOperator, clientId = "mobiledataplan", userKey = "" } = savedDraft() ?? {};
  const text = JSON.stringify(example.body(new Date(emulatedNow())), null, 2);
  const method = example.kind === "planGroup" ? "CreatePlanGroup" : "CreateUserPlanStatus";
  openInPlayground({ method, operator, clientId, userKey, text });
}
