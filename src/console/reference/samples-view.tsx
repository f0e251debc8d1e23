import { useMemo, useState } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import { openInPlayground, savedDraft } from "../ui/draft.ts";
import { type Sample, samplesOf } from "./samples.ts";

/** Examples of a message, which can be opened in the playground. */
export function Samples({ fullName, contract }: { fullName: string; contract: Contract }) {
  const samples = useMemo(() => samplesOf(fullName, contract, new Date()), [fullName, contract]);
  const [name, setName] = useState("");
  const sample = samples.find(({ example }) => example.name === name) ?? samples[0];
  if (sample === undefined) {
    return null;
  }
  return (
    <>
      <h3>Example</h3>
      <p class="toolbar">
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
          Open in playground
        </button>
      </p>
      <pre class="code">
        <code>{JSON.stringify(sample.json, null, 2)}</code>
      </pre>
    </>
  );
}

function openSample({ example }: Sample): void {
  const { operator = "65001", clientId = "mobiledataplan", userKey = "" } = savedDraft() ?? {};
  const text = JSON.stringify(example.body(new Date()), null, 2);
  const method = example.kind === "planGroup" ? "CreatePlanGroup" : "CreateUserPlanStatus";
  openInPlayground({ method, operator, clientId, userKey, text });
}
