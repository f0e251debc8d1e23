import { useEffect, useMemo } from "preact/hooks";
import { emulator } from "../emulator/client.ts";
import { emulatedNow, emulatedSecond } from "../emulator/emulator-state.ts";
import { whileVisible } from "../emulator/while-visible.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { hrefOf } from "../ui/route.ts";
import { DeviceBox } from "./device-box.tsx";
import { NotificationCards } from "./notification-cards.tsx";
import { PushHistory } from "./push-history.tsx";
import { RecordBar, RecordDrawing, RecordJson } from "./record-view.tsx";
import { choiceOf, isSameChoice, knownChoices, shownRecord } from "./shown-record.ts";
import { choiceText, placeOf, type RecordChoice, type SubscriberAddress } from "./subscriber-address.ts";
import { type SubscriberData, subscriberData } from "./subscriber-data.ts";

/** One subscriber: what is stored for it, and what was pushed and sent. */
export function Subscriber({ address }: { address: SubscriberAddress }) {
  const { asn, userKey } = address;
  const data = useMemo(() => subscriberData(emulator, asn, userKey), [asn, userKey]);
  useEffect(() => whileVisible(data.follow), [data]);
  const choices = knownChoices(
    data.records.value ?? [],
    data.before.value,
    data.pushes.value?.items ?? [],
    address.choice,
  );
  const choice = address.choice ?? choices.find(({ clientId }) => clientId === "") ?? forEveryClient;
  useEffect(() => data.choose(choice), [data, choice.kind, choice.clientId]);
  return (
    <div>
      <p class="back">
        <a href={hrefOf("subscribers")}>Subscribers</a> <span class="muted">of operator {asn}</span>
      </p>
      <div class="row subscriber-title">
        <h1 class="key">{userKey}</h1>
        <CopyButton text={userKey} name="Copy the user key" />
      </div>
      <ProblemBox problem={data.problem.value} />
      <RecordLinks address={address} choices={choices} choice={choice} />
      {data.records.value === undefined ? (
        data.problem.value === undefined && <p aria-busy="true">Loading…</p>
      ) : (
        <Known data={data} address={address} choice={choice} />
      )}
    </div>
  );
}

/** The record that is shown if the address names none. */
const forEveryClient: RecordChoice = { kind: "planStatus", clientId: "" };

/** Links to the statuses and the group of the subscriber. */
function RecordLinks({
  address: { asn, userKey },
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
          href={hrefOf("subscribers", ...placeOf(asn, userKey, each))}
          aria-current={isSameChoice(each, choice) ? "true" : undefined}
        >
          {choiceText(each)}
        </a>
      ))}
    </nav>
  );
}

/** Returns the emulated time. What calls it is drawn again when time passes. */
function emulatedMs(): number {
  return Math.max(emulatedSecond.value, emulatedNow());
}

/** What is known of the subscriber. */
function Known({
  data,
  address,
  choice,
}: {
  data: SubscriberData;
  address: SubscriberAddress;
  choice: RecordChoice;
}) {
  const isChosen = (record: Parameters<typeof choiceOf>[0]) => isSameChoice(choiceOf(record), choice);
  const stored = data.records.value?.find(isChosen);
  const shown = shownRecord(stored, data.before.value.filter(isChosen), emulatedMs());
  const hasRecord = shown.state !== "none";
  return (
    <>
      {hasRecord && <RecordBar shown={shown} onChange={data.refresh} />}
      <div class="subscriber-columns">
        {hasRecord ? (
          <>
            <RecordDrawing key={choiceText(choice)} shown={shown} />
            <RecordJson record={shown.record} />
          </>
        ) : (
          <NothingStored data={data} address={address} choice={choice} />
        )}
        <div class="subscriber-lists">
          <NotificationCards notifications={data.notifications.value} onOlder={data.showOlder} />
          <PushHistory address={address} pushes={data.pushes.value} onOlder={data.showOlder} />
          <DeviceBox asn={address.asn} userKey={address.userKey} />
        </div>
      </div>
    </>
  );
}

function NothingStored({
  data,
  address: { asn, userKey },
  choice,
}: {
  data: SubscriberData;
  address: SubscriberAddress;
  choice: RecordChoice;
}) {
  const isForOneClient = choice.clientId !== "";
  const hasOther = data.records.value?.some((record) => isSameChoice(choiceOf(record), forEveryClient));
  const name = choice.kind === "planGroup" ? "No plan group" : "No status";
  return (
    <div class="subscriber-empty">
      <EmptyState
        title={
          isForOneClient ? `No status is stored for ${choice.clientId}` : `${name} is stored for this key`
        }
      >
        {isForOneClient && hasOther ? (
          <>
            The client reads{" "}
            <a href={hrefOf("subscribers", ...placeOf(asn, userKey, forEveryClient))}>
              the status for every client
            </a>
            .
          </>
        ) : (
          "When it is pushed, it appears here at once."
        )}
      </EmptyState>
    </div>
  );
}
