import { clientIds } from "../../contract/resource-names.ts";
import { Field } from "../ui/field.tsx";
import { codeOfReason, codes, cuts, namesClient, reasonsByCode, services } from "./fault-choices.ts";
import type { FaultForm, FormProps } from "./fault-form.ts";

type TextProps = FormProps & {
  name: keyof FaultForm;
  label: string;
  hint?: string;
  placeholder?: string;
};

function TextField({ form, errors, change, name, label, hint, placeholder }: TextProps) {
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

/** Which calls the error applies to. */
export function MatchFields(props: FormProps) {
  const { form, errors, change } = props;
  const hasClient = namesClient(form.method);
  return (
    <fieldset class="fields">
      <legend>Which calls</legend>
      <Field label="Method" error={errors.method}>
        {(attributes) => (
          <select
            {...attributes}
            value={form.method}
            onChange={(event) => change({ method: event.currentTarget.value })}
          >
            <option value="">any method</option>
            {services.map(({ name, typeName, methods }) => (
              <optgroup key={typeName} label={name}>
                <option value={typeName}>any method of {name}</option>
                {methods.map((method) => (
                  <option key={method.name} value={method.name}>
                    {method.name}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
      </Field>
      <TextField {...props} name="operator" label="Operator (ASN)" placeholder="any, or 65001" />
      <Field
        label="Client"
        error={errors.clientId}
        hint={hasClient ? undefined : "No request of this method names a client."}
      >
        {(attributes) => (
          <select
            {...attributes}
            disabled={!hasClient}
            value={form.clientId}
            onChange={(event) => change({ clientId: event.currentTarget.value })}
          >
            <option value="">any client, or none</option>
            {clientIds.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        {...props}
        name="userKey"
        label="User key or group id"
        hint="* stands for any characters; \* is a star."
        placeholder="any, or +1415*"
      />
    </fieldset>
  );
}

const effects = [
  ["reason", "Error with a reason of the API"],
  ["code", "Error with a code only, as hosts of Google send"],
  ["cut", "Cut connection"],
  ["none", "Delay only"],
] as const;

/** What happens to the calls. */
export function EffectFields(props: FormProps) {
  const { form, errors, change } = props;
  return (
    <fieldset class="fields">
      <legend>What happens</legend>
      <Field label="Effect">
        {(attributes) => (
          <select
            {...attributes}
            value={form.effect}
            onChange={(event) => change({ effect: event.currentTarget.value as FaultForm["effect"] })}
          >
            {effects.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {form.effect === "reason" && (
        <Field label="Reason" error={errors.reason} hint={`Code ${codeOfReason(form.reason)}`}>
          {(attributes) => (
            <select
              {...attributes}
              value={form.reason}
              onChange={(event) => change({ reason: event.currentTarget.value })}
            >
              {[...reasonsByCode].map(([code, reasons]) => (
                <optgroup key={code} label={code}>
                  {reasons.map((reason) => (
                    <option key={reason}>{reason}</option>
                  ))}
                </optgroup>
              ))}
            </select>
          )}
        </Field>
      )}
      {form.effect === "code" && (
        <Field label="Code" error={errors.code}>
          {(attributes) => (
            <select
              {...attributes}
              value={form.code}
              onChange={(event) => change({ code: event.currentTarget.value })}
            >
              {codes.map((code) => (
                <option key={code}>{code}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      {form.effect === "cut" && (
        <Field label="When" error={errors.cut}>
          {(attributes) => (
            <select
              {...attributes}
              value={form.cut}
              onChange={(event) => change({ cut: event.currentTarget.value })}
            >
              {cuts.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {(form.effect === "reason" || form.effect === "code") && (
        <>
          <TextField {...props} name="message" label="Message" placeholder="says that it was injected" />
          <TextField {...props} name="retryDelay" label="Retry after" placeholder="such as 2s, at most 1d" />
        </>
      )}
      <TextField
        {...props}
        name="delay"
        label="Delay before it"
        placeholder={form.effect === "none" ? "30s" : "none, or 30s, at most 10m"}
      />
    </fieldset>
  );
}

const frequencies = [
  ["nextCalls", "the next calls, then it is deleted"],
  ["everyNth", "every n-th call"],
  ["share", "a share of the calls"],
  ["all", "every call"],
] as const;

const countLabels = { nextCalls: "Number of calls", everyNth: "n", share: "Percent" } as const;

/** How often it happens. */
export function FrequencyFields(props: FormProps) {
  const { form, change } = props;
  return (
    <fieldset class="fields">
      <legend>How often</legend>
      <Field label="Of the matching calls">
        {(attributes) => (
          <select
            {...attributes}
            value={form.frequency}
            onChange={(event) => change({ frequency: event.currentTarget.value as FaultForm["frequency"] })}
          >
            {frequencies.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {form.frequency !== "all" && <TextField {...props} name="count" label={countLabels[form.frequency]} />}
    </fieldset>
  );
}
