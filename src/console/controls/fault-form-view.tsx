import { toJsonString } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { FaultSchema } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { useAction } from "../emulator/use-action.ts";
import { CodeBox } from "../ui/empty-state.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { namesClient } from "./fault-choices.ts";
import { EffectFields, FrequencyFields, MatchFields } from "./fault-fields.tsx";
import { errorsOf, type FaultForm, type FormErrors, type FormProps, faultOf } from "./fault-form.ts";
import { Outcome } from "./section.tsx";

/** The form that creates an error to inject. It offers what is valid; the emulator has the last word. */
export function FaultFormView({ initial, onClose }: { initial: FaultForm; onClose: () => void }) {
  const action = useAction();
  const [form, setForm] = useState(initial);
  const [isTried, setTried] = useState(false);
  const read = faultOf(form);
  const rejected = errorsOf(action.problem?.violations ?? []);
  const errors: FormErrors = isTried ? { ...rejected.errors, ...read.errors } : {};
  const change = (changes: Partial<FaultForm>) => {
    const next = { ...form, ...changes };
    setForm(namesClient(next.method) ? next : { ...next, clientId: "" });
    action.forget();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    const isRead = Object.keys(read.errors).length === 0;
    if (isRead) {
      await action.run(async () => `Injected ${(await emulator.createFault({ fault: read.fault })).name}.`);
    }
  };
  const props: FormProps = { form, errors, change };
  return (
    <form class="card stack fault-form" aria-label="New injected error" onSubmit={submit} noValidate>
      <MatchFields {...props} />
      <EffectFields {...props} />
      <FrequencyFields {...props} />
      <div class="row">
        <button type="submit" class="primary" disabled={action.isRunning}>
          Inject
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {action.problem && (rejected.others.length > 0 || action.problem.violations.length === 0) && (
        <ProblemBox
          problem={{ ...action.problem, violations: rejected.others }}
          title="The error was not injected"
        />
      )}
      <Outcome text={action.outcome} />
      <details>
        <summary>The request as JSON</summary>
        <CodeBox label="Request as JSON" text={toJsonString(FaultSchema, read.fault, { prettySpaces: 2 })} />
        <CodeBox label="Request with curl" text={curlLine(toJsonString(FaultSchema, read.fault))} />
      </details>
    </form>
  );
}

function curlLine(json: string): string {
  const quoted = `'${json.replaceAll("'", "'\\''")}'`;
  return `curl -sS ${location.origin}/emulator/v1/faults -H 'Content-Type: application/json' -d ${quoted}`;
}
