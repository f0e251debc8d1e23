import type { ComponentChildren } from "preact";
import { clientIds } from "../../../contract/resource-names.ts";
import { Field } from "../../ui/field.tsx";
import {
  codeOfReason,
  codes,
  cuts,
  isOffered,
  namesClient,
  reasonsByCode,
  services,
} from "./fault-choices.ts";
import type { FaultForm, FormProps } from "./fault-form.ts";

type FormFieldProps = FormProps & { name: keyof FaultForm; label: string; hint?: string | undefined };

function TextField(props: FormFieldProps & { placeholder?: string }) {
  const { form, errors, change, name, label, hint, placeholder } = props;
  return (
    <Field label={label} hint={hint} error={errors[name]}>
      {(attributes) => (
        <input
          {...attributes}
          placeholder={placeholder}
          value={form[name]}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

function SelectField(props: FormFieldProps & { disabled?: boolean; children: ComponentChildren }) {
  const { form, errors, change, name, label, hint, disabled, children } = props;
  return (
    <Field label={label} hint={hint} error={errors[name]}>
      {(attributes) => (
        <select
          {...attributes}
          disabled={disabled}
          value={form[name]}
          onChange={(event) => change({ [name]: event.currentTarget.value })}
        >
          {children}
        </select>
      )}
    </Field>
  );
}

/** The options of a choice: values, or values with a label each. */
function optionsOf(choices: readonly (string | readonly [value: string, label: string])[]) {
  return choices.map((choice) => {
    const [value, label] = typeof choice === "string" ? [choice, choice] : choice;
    return (
      <option key={value} value={value}>
        {label}
      </option>
    );
  });
}

/** Which calls the error applies to. */
export function MatchFields(props: FormProps) {
  const { method } = props.form;
  const hasClient = namesClient(method);
  return (
    <fieldset class="fields">
      <legend>Which calls</legend>
      <SelectField {...props} name="method" label="Method">
        <option value="">any method</option>
        {/* A fault of another program may name the method in another way. */}
        {!isOffered(method) && <option>{method}</option>}
        {services.map(({ name, typeName, methods }) => (
          <optgroup key={typeName} label={name}>
            <option value={typeName}>any method of {name}</option>
            {optionsOf(methods.map((each) => each.name))}
          </optgroup>
        ))}
      </SelectField>
      <TextField {...props} name="operator" label="Operator" placeholder="any, or 65001" />
      <SelectField
        {...props}
        name="clientId"
        label="Client"
        disabled={!hasClient}
        hint={hasClient ? undefined : "No request of this method names a client."}
      >
        <option value="">any client, or none</option>
        {optionsOf(clientIds)}
      </SelectField>
      <TextField
        {...props}
        name="userKey"
        label="User key or group id"
        hint="* stands for any characters, \* for a star."
        placeholder="any, or +1415*"
      />
    </fieldset>
  );
}

const effects = [
  ["reason", "Error with a reason"],
  ["code", "Error without a reason"],
  ["cut", "Cut connection"],
  ["none", "Delay only"],
] as const;

const effectHints: Readonly<Record<FaultForm["effect"], string | undefined>> = {
  reason: "With the details and headers that servers send with it.",
  code: "As hosts of Google send it.",
  cut: "Over HTTP/2 only the stream is reset.",
  none: undefined,
};

/** What happens to the calls. */
export function EffectFields(props: FormProps) {
  const { effect, reason } = props.form;
  return (
    <fieldset class="fields">
      <legend>What happens</legend>
      <SelectField {...props} name="effect" label="Effect" hint={effectHints[effect]}>
        {optionsOf(effects)}
      </SelectField>
      {effect === "reason" && (
        <SelectField {...props} name="reason" label="Reason" hint={`Its code is ${codeOfReason(reason)}.`}>
          {reasonsByCode.map(([code, found]) => (
            <optgroup key={code} label={code}>
              {optionsOf(found)}
            </optgroup>
          ))}
        </SelectField>
      )}
      {effect === "code" && (
        <SelectField {...props} name="code" label="Code">
          {optionsOf(codes)}
        </SelectField>
      )}
      {effect === "cut" && (
        <SelectField {...props} name="cut" label="When">
          {optionsOf(cuts)}
        </SelectField>
      )}
      {(effect === "reason" || effect === "code") && (
        <>
          <TextField {...props} name="message" label="Message" placeholder="that it was injected" />
          <TextField {...props} name="retryDelay" label="Retry after" placeholder="2s, at most 1d" />
        </>
      )}
      <TextField
        {...props}
        name="delay"
        label={effect === "none" ? "Delay" : "Delay before it"}
        placeholder={effect === "none" ? "30s, at most 10m" : "none, or 30s"}
      />
    </fieldset>
  );
}

const frequencies = [
  ["nextCalls", "The next ones"],
  ["everyNth", "Every n-th"],
  ["share", "A share"],
  ["all", "All"],
] as const;

const countLabels = { nextCalls: "Number of calls", everyNth: "n", share: "Percent" } as const;

/** How often it happens. */
export function FrequencyFields(props: FormProps) {
  const { frequency } = props.form;
  return (
    <fieldset class="fields">
      <legend>How often</legend>
      <SelectField {...props} name="frequency" label="Of the matching calls">
        {optionsOf(frequencies)}
      </SelectField>
      {frequency !== "all" && (
        <TextField
          {...props}
          name="count"
          label={countLabels[frequency]}
          hint={frequency === "nextCalls" ? "Afterwards the error is deleted." : undefined}
        />
      )}
    </fieldset>
  );
}
