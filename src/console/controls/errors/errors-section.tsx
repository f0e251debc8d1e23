import { useRef, useState } from "preact/hooks";
import { emulator } from "../../emulator/client.ts";
import { faults } from "../../emulator/emulator-state.ts";
import { effectWords, frequencyWords, matchWords } from "../../emulator/fault-words.ts";
import { gone } from "../../emulator/problem.ts";
import { useAction } from "../../emulator/use-action.ts";
import { Chip } from "../../ui/chip.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { keepFocusIn, Outcome, Section } from "../section.tsx";
import { emptyForm, type FaultForm, formOf } from "./fault-form.ts";
import { FaultFormView } from "./fault-form-view.tsx";
import { faultPresets } from "./fault-presets.ts";
import { FaultTable } from "./fault-table.tsx";

/** Lists the injected errors, creates and deletes them. */
export function ErrorsSection() {
  const action = useAction();
  const opener = useRef<HTMLButtonElement>(null);
  /** What the form begins with. Each opening is a form of its own. */
  const [opened, setOpened] = useState<{ initial: FaultForm; number: number }>();
  const open = (initial: FaultForm) => setOpened({ initial, number: (opened?.number ?? 0) + 1 });
  const found = faults.value;
  const remove = async (names: readonly string[], outcome: string) => {
    await action.run(async () => {
      await Promise.all(names.map((name) => emulator.deleteFault({ name }).catch(gone)));
      return outcome;
    });
    keepFocusIn("errors");
  };
  return (
    <Section
      id="errors"
      title="Injected errors"
      aside={found.length > 0 && <Chip tone="warn">{found.length}</Chip>}
    >
      <fieldset>
        <legend>Inject</legend>
        <div class="row">
          {faultPresets.map(({ title, fault }) => (
            <button
              key={title}
              type="button"
              title={[effectWords(fault), ...matchWords(fault.match), frequencyWords(fault)].join(", ")}
              onClick={() =>
                action.run(async () => `Injected ${(await emulator.createFault({ fault })).name}: ${title}.`)
              }
            >
              {title}
            </button>
          ))}
          <button ref={opener} type="button" class="primary" onClick={() => open(emptyForm)}>
            Another error…
          </button>
        </div>
      </fieldset>
      {opened && (
        <FaultFormView
          key={opened.number}
          initial={opened.initial}
          onClose={() => {
            setOpened(undefined);
            opener.current?.focus();
          }}
        />
      )}
      {found.length === 0 ? (
        <EmptyState title="No errors are injected">Calls are answered as a server answers them.</EmptyState>
      ) : (
        <FaultTable
          faults={found}
          onCopy={(fault) => open(formOf(fault))}
          onDelete={({ name }) => remove([name], `Deleted ${name}.`)}
        />
      )}
      {found.length > 1 && (
        <div class="row">
          <button
            type="button"
            onClick={() => {
              const names = found.map(({ name }) => name);
              void remove(names, `Deleted ${names.length} errors.`);
            }}
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
