import { Code, ConnectError } from "@connectrpc/connect";
import { useState } from "preact/hooks";
import type { Fault } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { faults } from "../emulator/emulator-state.ts";
import { effectWords, frequencyWords, matchWords } from "../emulator/fault-words.ts";
import { useAction } from "../emulator/use-action.ts";
import { Chip } from "../ui/chip.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { emptyForm, formOf } from "./fault-form.ts";
import { FaultFormView } from "./fault-form-view.tsx";
import { faultPresets } from "./fault-presets.ts";
import { Outcome, Section } from "./section.tsx";

/** Lists the injected errors, creates and deletes them. */
export function ErrorsSection() {
  const action = useAction();
  const [template, setTemplate] = useState<{ form: typeof emptyForm; number: number }>();
  const found = faults.value;
  const remove = (names: readonly string[], outcome: string) =>
    action.run(async () => {
      await Promise.all(names.map(deleteFault));
      return outcome;
    });
  return (
    <Section
      id="errors"
      title="Injected errors"
      aside={found.length > 0 && <Chip tone="warn">{found.length}</Chip>}
    >
      <fieldset class="row">
        <legend>Inject</legend>
        {faultPresets.map(({ title, fault }) => (
          <button
            key={title}
            type="button"
            onClick={() =>
              action.run(async () => `Injected ${(await emulator.createFault({ fault })).name}: ${title}.`)
            }
          >
            {title}
          </button>
        ))}
        <button
          type="button"
          class="primary"
          onClick={() => setTemplate({ form: emptyForm, number: (template?.number ?? 0) + 1 })}
        >
          Another error…
        </button>
      </fieldset>
      {template && (
        <FaultFormView key={template.number} initial={template.form} onClose={() => setTemplate(undefined)} />
      )}
      {found.length === 0 ? (
        <EmptyState title="No errors are injected">Calls are answered as the server means them.</EmptyState>
      ) : (
        <FaultTable
          faults={found}
          onCopy={(fault) => setTemplate({ form: formOf(fault), number: (template?.number ?? 0) + 1 })}
          onDelete={(fault) => remove([fault.name], `Deleted ${fault.name}.`)}
        />
      )}
      {found.length > 1 && (
        <div class="row">
          <button
            type="button"
            onClick={() =>
              remove(
                found.map(({ name }) => name),
                `Deleted ${found.length} errors.`,
              )
            }
          >
            Delete all
          </button>
        </div>
      )}
      <ProblemBox problem={action.problem} title="The injected errors were not changed" />
      <Outcome text={action.outcome} />
    </Section>
  );
}

/** Deletes a fault. It may be gone already: it has applied to its last call, or another program was faster. */
async function deleteFault(name: string): Promise<void> {
  try {
    await emulator.deleteFault({ name });
  } catch (cause) {
    if (ConnectError.from(cause).code !== Code.NotFound) {
      throw cause;
    }
  }
}

type FaultTableProps = {
  faults: readonly Fault[];
  onCopy: (fault: Fault) => void;
  onDelete: (fault: Fault) => void;
};

function FaultTable({ faults: found, onCopy, onDelete }: FaultTableProps) {
  return (
    <div class="table-box">
      <table class="table">
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
          {found.map((fault) => (
            <tr key={fault.name}>
              <td>{fault.name}</td>
              <td>
                <Effect fault={fault} />
              </td>
              <td>
                {matchWords(fault.match).map((text) => (
                  <div key={text} class="key">
                    {text}
                  </div>
                ))}
                {matchWords(fault.match).length === 0 && "any call"}
              </td>
              <td>{frequencyWords(fault)}</td>
              <td class="number">{String(fault.matchedCalls)}</td>
              <td class="number">{String(fault.affectedCalls)}</td>
              <td>
                <span class="row actions">
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
                </span>
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
  return (
    <>
      {effectWords(fault)}
      {error?.message && <div class="muted key">{error.message}</div>}
    </>
  );
}
