import { useRef } from "preact/hooks";
import { emulator } from "../emulator/client.ts";
import { connection } from "../emulator/emulator-state.ts";
import { type Action, useAction } from "../emulator/use-action.ts";
import { Chip } from "../ui/chip.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { Outcome, Section } from "./section.tsx";

/** Says where the emulator is, resets it and clears its calls. */
export function EmulatorSection() {
  const action = useAction();
  const isLive = connection.value === undefined;
  return (
    <Section
      id="emulator"
      title="Emulator"
      aside={<Chip tone={isLive ? "good" : "bad"}>{isLive ? "live" : "unreachable"}</Chip>}
    >
      <div class="row">
        <code class="key">{location.origin}</code>
        <CopyButton text={location.origin} name="Copy the address" />
      </div>
      <div class="row">
        <button
          type="button"
          onClick={() =>
            action.run(async () => {
              await emulator.clearCalls({});
              return "The calls and notifications are cleared.";
            })
          }
        >
          Clear calls
        </button>
        <Reset action={action} />
      </div>
      <ProblemBox problem={action.problem} />
      <Outcome text={action.outcome} />
    </Section>
  );
}

function Reset({ action }: { action: Action }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const reset = () =>
    action.run(async () => {
      await emulator.reset({});
      return "The emulator is as after its start.";
    });
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Reset…
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="reset-title"
        onClose={(event) => {
          if (event.currentTarget.returnValue === "reset") {
            event.currentTarget.returnValue = "";
            void reset();
          }
        }}
      >
        <form method="dialog" class="stack">
          <h2 id="reset-title">Reset the emulator?</h2>
          <p>
            It deletes all stored statuses and groups, injected errors, registered devices, calls and
            notifications. Then the clock and the records are as after the start. Tokens stay valid.
          </p>
          <div class="row">
            {/* The first one has the focus. */}
            <button type="submit" value="">
              Cancel
            </button>
            <button type="submit" value="reset" class="primary">
              Reset
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
