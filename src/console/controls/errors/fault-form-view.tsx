import { toJsonString } from "@bufbuild/protobuf";
import { useEffect, useState } from "preact/hooks";
import { FaultSchema } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { useAction } from "../../emulator/use-action.ts";
import { CodeBox } from "../../ui/code-box.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { faultLine } from "../command-lines.ts";
import { useInvalidFocus } from "../form-errors.ts";
import { Outcome } from "../section.tsx";
import { namesClient } from "./fault-choices.ts";
import { EffectFields, FrequencyFields, MatchFields } from "./fault-fields.tsx";
import { errorsOf, type FaultForm, type FormErrors, faultOf } from "./fault-form.ts";

/** The form that creates an error to inject. It offers what is valid; the emulator has the last word. */
export function FaultFormView({ initial, onClose }: { initial: FaultForm; onClose: () => void }) {
  const action = useAction();
  const [form, setForm] = useState(initial);
  const [isTried, setTried] = useState(false);
  const { form: element, fail } = useInvalidFocus();
  useEffect(() => element.current?.querySelector("select")?.focus(), [element]);
  const read = faultOf(form);
  const rejected = errorsOf(action.problem?.violations ?? []);
  const errors: FormErrors = isTried ? { ...rejected.errors, ...read.errors } : {};
  const isElsewhere = action.problem?.violations.length === 0 || rejected.others.length > 0;
  const change = (changes: Partial<FaultForm>) => {
    const next = { ...form, ...changes };
    setForm(namesClient(next.method) ? next : { ...next, clientId: "" });
    setTried(false);
    action.forget();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    const isRead = Object.keys(read.errors).length === 0;
    const create = async () => `Injected ${(await emulator.createFault({ fault: read.fault })).name}.`;
    if (!isRead || !(await action.run(create))) {
      fail();
    }
  };
  const props = { form, errors, change };
  return (
    <form
      ref={element}
      class="card stack fault-form"
      aria-label="New injected error"
      onSubmit={submit}
      noValidate
    >
      <MatchFields {...props} />
      <EffectFields {...props} />
      <FrequencyFields {...props} />
      <div class="row">
        <button type="submit" class="primary">
          Inject
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <ProblemBox
        problem={
          isElsewhere && action.problem ? { ...action.problem, violations: rejected.others } : undefined
        }
        title="The error was not injected"
      />
      <Outcome text={action.outcome} />
      <details>
        <summary>The request as JSON</summary>
        <div class="stack">
          <CodeBox
            label="Request as JSON"
            text={toJsonString(FaultSchema, read.fault, { prettySpaces: 2 })}
          />
          <CodeBox
            label="Request with curl"
            text={faultLine(location.origin, toJsonString(FaultSchema, read.fault))}
          />
        </div>
      </details>
    </form>
  );
}
