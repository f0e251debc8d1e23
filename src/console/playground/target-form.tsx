import { clientIds } from "../../contract/resource-names.ts";
import { type Draft, draft, type PushMethod } from "../ui/draft.ts";
import { Field } from "../ui/field.tsx";
import { changeDraft, isTemplate, violations, withTemplate } from "./playground-state.ts";

const methods: Readonly<Record<PushMethod, string>> = {
  CreateUserPlanStatus: "CreateUserPlanStatus (one client)",
  CreatePlanStatus: "CreatePlanStatus (every client)",
  CreatePlanGroup: "CreatePlanGroup (deprecated)",
};

/** Whom the push is for: method, operator, client and user key. Nothing here needs to be valid. */
export function TargetForm({ push }: { push: Draft }) {
  const isGroup = push.method === "CreatePlanGroup";
  const errorOf = (...fields: readonly string[]) =>
    violations.value?.find(({ field, place }) => place === undefined && fields.includes(field))?.description;
  return (
    <div class="target">
      <Field label="Method">
        {(attributes) => (
          <select
            {...attributes}
            value={push.method}
            onChange={(event) => chooseMethod(event.currentTarget.value as PushMethod)}
          >
            {Object.entries(methods).map(([method, label]) => (
              <option key={method} value={method}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Operator" error={errorOf("parent")}>
        {(attributes) => (
          <input
            {...attributes}
            inputMode="numeric"
            spellcheck={false}
            value={push.operator}
            onInput={(event) => changeDraft({ operator: event.currentTarget.value })}
          />
        )}
      </Field>
      {push.method === "CreateUserPlanStatus" && (
        <Field label="Client" error={errorOf("clientId")}>
          {(attributes) => (
            <>
              <input
                {...attributes}
                list="playground-clients"
                spellcheck={false}
                autocomplete="off"
                value={push.clientId}
                onInput={(event) => changeDraft({ clientId: event.currentTarget.value })}
              />
              <datalist id="playground-clients">
                {clientIds.map((client) => (
                  <option key={client} value={client} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      )}
      <Field label={isGroup ? "Plan group id" : "User key"} error={errorOf("userKey", "planGroupId")}>
        {(attributes) => (
          <input
            {...attributes}
            class="code"
            spellcheck={false}
            autocomplete="off"
            value={push.userKey}
            onInput={(event) => changeDraft({ userKey: event.currentTarget.value })}
          />
        )}
      </Field>
    </div>
  );
}

/** A template that nobody has changed is replaced by one that fits the method. */
function chooseMethod(method: PushMethod): void {
  const old = draft.value as Draft;
  const next = { ...old, method, clientId: method === "CreateUserPlanStatus" ? "mobiledataplan" : "" };
  const isGroup = method === "CreatePlanGroup";
  const fits = isGroup === (old.method === "CreatePlanGroup");
  changeDraft(fits || !isTemplate() ? next : withTemplate(isGroup ? "plan-group" : "prepaid", next));
}
