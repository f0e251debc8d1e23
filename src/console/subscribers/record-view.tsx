import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Record as StoredRecord } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import {
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { emulatedSecond } from "../emulator/emulator-state.ts";
import { asnText } from "../emulator/resource-names.ts";
import { useAction } from "../emulator/use-action.ts";
import { Chip } from "../ui/chip.tsx";
import { openInPlayground } from "../ui/draft.ts";
import { JsonView } from "../ui/json/json-view.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { absoluteText } from "../ui/time-text.ts";
import { Phone } from "./phone/phone.tsx";
import { firstItems, groupView, type PhoneView, phoneView } from "./phone/phone-view.ts";
import { choiceOf, expireTimeOf, methodOf, type ShownRecord, updateTimeOf } from "./shown-record.ts";

type AnyRecord = Exclude<ShownRecord, { state: "none" }>;

/** Whether a record is stored, and what can be done with it. */
export function RecordBar({ shown, onChange }: { shown: AnyRecord; onChange: () => Promise<void> }) {
  const action = useAction();
  const playground = useRef<HTMLButtonElement>(null);
  const { record, state } = shown;
  const [updated, expires] = [updateTimeOf(record), expireTimeOf(record)];
  const remove = () =>
    action.run(async () => {
      await emulator.deleteRecord({ name: record.name });
      await onChange();
      // The pressed button is gone.
      playground.current?.focus();
      return "deleted";
    });
  return (
    <div class={`record-bar ${state}`}>
      <div class="row">
        <p role="status">
          <StateText shown={shown} />
        </p>
        {state === "stored" && (
          <p class="muted">
            {updated && `updated ${absoluteText(updated)}, `}
            {expires ? `expires ${absoluteText(expires)}` : "never expires"}
          </p>
        )}
        <div class="row push">
          <button type="button" ref={playground} onClick={() => openRecord(record)}>
            Open in the playground
          </button>
          {state === "stored" && (
            <button type="button" onClick={remove}>
              Delete
            </button>
          )}
        </div>
      </div>
      <ProblemBox problem={action.problem} title="The record was not deleted" />
    </div>
  );
}

function StateText({ shown }: { shown: AnyRecord }) {
  switch (shown.state) {
    case "expired":
      return <>Expired at {absoluteText(shown.at)}; it is not stored any more. This is what it was.</>;
    case "removed":
      return <>It is not stored any more: it was deleted, or the emulator was reset. This is what it was.</>;
    default:
      return <Chip tone="good">stored</Chip>;
  }
}

function openRecord(record: StoredRecord): void {
  openInPlayground({
    method: methodOf(choiceOf(record)),
    operator: asnText(record.operator),
    clientId: record.clientId,
    userKey: record.userKey,
    text: pushOf(record),
  });
}

/** The drawing of a record, and what is not in it. */
export function RecordDrawing({ shown }: { shown: AnyRecord }) {
  const [most, setMost] = useState(firstItems);
  // It is drawn again when time passes.
  const view = viewOf(shown.record, emulatedSecond.value, most);
  return (
    <section aria-label="Drawing">
      <Phone view={view} isOver={shown.state !== "stored"} onMore={() => setMost(10 * most)} />
      {view.notShown.length > 0 && (
        <details class="not-shown">
          <summary>Not on the phone: {view.notShown.length}</summary>
          <dl>
            {view.notShown.map(({ field, value, why }) => (
              <div key={field}>
                <dt>
                  <code>{field}</code>
                </dt>
                <dd>
                  <bdi>{value}</bdi> <span class="muted">{why}</span>
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

/** A record as the JSON that an application reads. */
export function RecordJson({ record }: { record: StoredRecord }) {
  const text = useMemo(() => jsonOf(record), [record]);
  return (
    <div class="record-json">
      <JsonView text={text} label="Stored JSON" />
    </div>
  );
}

function viewOf({ resource }: StoredRecord, nowMs: number, most: number): PhoneView {
  return resource.case === "planGroup"
    ? groupView(resource.value, nowMs, most)
    : phoneView(resource.value as PlanStatus, nowMs, most);
}

/** Returns a record as a push would have it: without what the server sets. */
function pushOf(record: StoredRecord): string {
  const { name, notifications, ...json } = messageJson(record);
  return JSON.stringify(json, null, 2);
}

function jsonOf(record: StoredRecord): string {
  return JSON.stringify(messageJson(record), null, 2);
}

function messageJson({ resource }: StoredRecord): JsonObject {
  const json =
    resource.case === "planGroup"
      ? toJson(PlanGroupSchema, resource.value)
      : toJson(PlanStatusSchema, resource.value as PlanStatus);
  return json as JsonObject;
}
