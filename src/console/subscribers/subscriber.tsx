import { toJson } from "@bufbuild/protobuf";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Record as StoredRecord } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { PlanGroupSchema, PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { clientIds } from "../../contract/resource-names.ts";
import { emulator } from "../emulator/client.ts";
import { emulatedNow, emulatedSecond } from "../emulator/emulator-state.ts";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { openInPlayground } from "../ui/draft.ts";
import { hrefOf } from "../ui/route.ts";
import { DeviceBox } from "./device-box.tsx";
import { NotificationCards } from "./notification-cards.tsx";
import { Phone } from "./phone/phone.tsx";
import { groupView, type PhoneView, phoneView } from "./phone/phone-view.ts";
import { PushHistory } from "./push-history.tsx";
import { choiceOf, isSameChoice, methodOf, type ShownRecord, shownRecord } from "./shown-record.ts";
import { placeOf, type RecordChoice, type SubscriberAddress } from "./subscriber-address.ts";
import { type SubscriberData, subscriberData } from "./subscriber-data.ts";
import { whileVisible } from "./while-visible.ts";

/** One subscriber: what is stored for it, and what was pushed and sent. */
export function Subscriber({ address }: { address: SubscriberAddress }) {
  const { asn, userKey } = address;
  const data = useMemo(() => subscriberData(emulator, asn, userKey), [asn, userKey]);
  useEffect(() => whileVisible(data.follow), [data]);
  const choices = knownChoices(data, address.choice);
  const choice = address.choice ?? choices[0] ?? { kind: "planStatus", clientId: "" };
  useEffect(() => data.choose(choice), [data, choice.kind, choice.clientId]);
  return (
    <div class="subscriber">
      <p class="back">
        <a href={hrefOf("subscribers")}>Subscribers</a>
        <span class="muted"> · operator {asn}</span>
      </p>
      <h1 class="subscriber-key">{userKey}</h1>
      {data.problem.value && <p role="alert">{data.problem.value.message}</p>}
      <RecordLinks address={address} choices={choices} choice={choice} />
      {data.records.value === undefined ? (
        data.problem.value === undefined && <p aria-busy="true">Loading…</p>
      ) : (
        <>
          <RecordBox data={data} address={address} choice={choice} />
          <div class="subscriber-lists">
            <PushHistory address={address} pushes={data.pushes.value} onOlder={data.showOlder} />
            <div class="stack">
              <NotificationCards notifications={data.notifications.value} onOlder={data.showOlder} />
              <DeviceBox asn={asn} userKey={userKey} />
            </div>
          </div>
        </>
      )}
    </div>
  );
}

/** Links to the statuses and the group of the subscriber. */
function RecordLinks({
  address,
  choices,
  choice,
}: {
  address: SubscriberAddress;
  choices: readonly RecordChoice[];
  choice: RecordChoice;
}) {
  return (
    <nav aria-label="Statuses and groups" class="record-links">
      {choices.map((each) => (
        <a
          key={`${each.kind} ${each.clientId}`}
          href={hrefOf("subscribers", ...placeOf(address.asn, address.userKey, each))}
          aria-current={isSameChoice(each, choice) ? "true" : undefined}
        >
          {choiceText(each)}
        </a>
      ))}
    </nav>
  );
}

/** Returns all records that are known: the status for every client first, then those for one, then the group. */
function knownChoices(data: SubscriberData, asked: RecordChoice | undefined): RecordChoice[] {
  const known: RecordChoice[] = [
    ...(data.records.value ?? []).map(choiceOf),
    ...data.before.value.map(choiceOf),
    ...(data.pushes.value?.items ?? []).map(({ method, clientId }) => ({
      kind: method.endsWith("/CreatePlanGroup") ? ("planGroup" as const) : ("planStatus" as const),
      clientId,
    })),
    ...(asked ? [asked] : []),
  ];
  const order = ({ kind, clientId }: RecordChoice) =>
    kind === "planGroup" ? clientIds.length : (clientIds as readonly string[]).indexOf(clientId);
  return known
    .filter((choice, index) => known.findIndex((other) => isSameChoice(other, choice)) === index)
    .sort((a, b) => order(a) - order(b));
}

/** Returns what a record is called. */
export function choiceText({ kind, clientId }: RecordChoice): string {
  if (kind === "planGroup") {
    return "plan group";
  }
  return clientId === "" ? "every client" : clientId;
}

/** What is stored, drawn and as JSON. */
function RecordBox({
  data,
  address,
  choice,
}: {
  data: SubscriberData;
  address: SubscriberAddress;
  choice: RecordChoice;
}) {
  // Draws again when time passes.
  const nowMs = Math.max(emulatedSecond.value, emulatedNow());
  const isChosen = (record: StoredRecord) => isSameChoice(choiceOf(record), choice);
  const shown = shownRecord(data.records.value?.find(isChosen), data.before.value.filter(isChosen), nowMs);
  if (shown.state === "none") {
    return <NothingStored data={data} address={address} choice={choice} />;
  }
  const view = viewOf(shown.record, nowMs);
  const over = overText(shown);
  return (
    <section aria-label="Stored status" class="record-box">
      <div>
        <Phone view={view} over={over} />
        <NotShownList view={view} />
      </div>
      <div class="stack">
        <p role="status" class="record-state">
          {shown.state === "stored" ? "Stored" : over}
        </p>
        <RecordActions data={data} address={address} choice={choice} shown={shown} />
        <pre class="code record-json">{jsonOf(shown.record)}</pre>
      </div>
    </section>
  );
}

function overText(shown: ShownRecord): string | undefined {
  switch (shown.state) {
    case "expired":
      return `Expired at ${isoText(shown.at)}; it is not stored any more.`;
    case "removed":
      return "It is not stored any more: it was deleted, or the emulator was reset.";
    default:
      return undefined;
  }
}

function isoText({ seconds, nanos }: { seconds: bigint; nanos: number }): string {
  return new Date(Number(seconds) * 1_000 + nanos / 1_000_000).toISOString();
}

function viewOf({ resource }: StoredRecord, nowMs: number): PhoneView {
  return resource.case === "planGroup"
    ? groupView(resource.value, nowMs)
    : phoneView(resource.value as Parameters<typeof phoneView>[0], nowMs);
}

function jsonOf({ resource }: StoredRecord): string {
  const json =
    resource.case === "planGroup"
      ? toJson(PlanGroupSchema, resource.value)
      : resource.case === "planStatus" && toJson(PlanStatusSchema, resource.value);
  return JSON.stringify(json, null, 2);
}

function NotShownList({ view }: { view: PhoneView }) {
  return (
    <details class="not-shown">
      <summary>Not on the phone ({view.notShown.length})</summary>
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
  );
}

function RecordActions({
  data,
  address,
  choice,
  shown,
}: {
  data: SubscriberData;
  address: SubscriberAddress;
  choice: RecordChoice;
  shown: Exclude<ShownRecord, { state: "none" }>;
}) {
  const [problem, setProblem] = useState<Problem>();
  const { record } = shown;
  const remove = async () => {
    setProblem(undefined);
    try {
      await emulator.deleteRecord({ name: record.name });
    } catch (cause) {
      setProblem(problemOf(cause));
    }
    await data.refresh();
  };
  const edit = () =>
    openInPlayground({
      method: methodOf(choice),
      operator: address.asn,
      clientId: choice.clientId,
      userKey: address.userKey,
      text: jsonOf(record),
    });
  return (
    <div class="row">
      <button type="button" onClick={edit}>
        Open in playground
      </button>
      {shown.state === "stored" && (
        <button type="button" onClick={remove}>
          Delete record
        </button>
      )}
      {problem && <span role="alert">{problem.message}</span>}
    </div>
  );
}

function NothingStored({
  data,
  address,
  choice,
}: {
  data: SubscriberData;
  address: SubscriberAddress;
  choice: RecordChoice;
}) {
  const forEvery = { kind: "planStatus", clientId: "" } as const;
  const hasForEvery = data.records.value?.some((record) => isSameChoice(choiceOf(record), forEvery));
  return (
    <section class="empty" aria-label="Stored status">
      <p>
        <strong>Nothing is stored for this key ({choiceText(choice)}).</strong>
      </p>
      {choice.kind === "planStatus" && choice.clientId !== "" && hasForEvery ? (
        <p>
          This client reads{" "}
          <a href={hrefOf("subscribers", ...placeOf(address.asn, address.userKey, forEvery))}>
            the status for every client
          </a>
          .
        </p>
      ) : (
        <p>A push of this key appears here at once.</p>
      )}
    </section>
  );
}
