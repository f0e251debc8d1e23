import type { Fault } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { durationText, msOf } from "../../emulator/durations.ts";
import { effectWords, frequencyWords, matchWords } from "../../emulator/fault-words.ts";

type FaultTableProps = {
  faults: readonly Fault[];
  onCopy: (fault: Fault) => void;
  onDelete: (fault: Fault) => void;
};

/** Shows injected errors: which calls they are for, what they do, and how often they did. */
export function FaultTable({ faults, onCopy, onDelete }: FaultTableProps) {
  return (
    <div class="table-box">
      <table class="table stacked">
        <thead>
          <tr>
            <th>Name</th>
            <th>Effect</th>
            <th>Calls</th>
            <th>How often</th>
            <th class="number">Matched</th>
            <th class="number">Affected</th>
            <th>
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {faults.map((fault) => (
            <tr key={fault.name}>
              <td data-label="Name">{fault.name}</td>
              <td data-label="Effect">
                <Effect fault={fault} />
              </td>
              <td data-label="Calls">
                <Calls fault={fault} />
              </td>
              <td data-label="How often">{frequencyWords(fault)}</td>
              <td data-label="Matched" class="number">
                {String(fault.matchedCalls)}
              </td>
              <td data-label="Affected" class="number">
                {String(fault.affectedCalls)}
              </td>
              <td class="actions">
                <button
                  type="button"
                  aria-label={`Copy ${fault.name} into the form`}
                  onClick={() => onCopy(fault)}
                >
                  Copy
                </button>
                <button type="button" aria-label={`Delete ${fault.name}`} onClick={() => onDelete(fault)}>
                  Delete
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Effect({ fault }: { fault: Fault }) {
  const error = fault.effect.case === "error" ? fault.effect.value : undefined;
  const retryMs = msOf(error?.retryDelay);
  return (
    <div>
      {effectWords(fault)}
      {retryMs > 0 && <div class="muted">retry after {durationText(retryMs)}</div>}
      {error?.message && <div class="muted message">{error.message}</div>}
    </div>
  );
}

function Calls({ fault }: { fault: Fault }) {
  const conditions = matchWords(fault.match);
  return (
    <div>
      {conditions.length === 0
        ? "any call"
        : conditions.map((condition) => (
            <div key={condition} class="key">
              {condition}
            </div>
          ))}
    </div>
  );
}
