import type { Notification } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { formatInstant, instantOf } from "../../contract/instant.ts";
import { enumWord } from "../../plans/enum-word.ts";
import { hrefOf } from "../ui/route.ts";
import { capitalized } from "./phone/labels.ts";
import type { Newest } from "./subscriber-data.ts";

/** The notifications that pushes of a key have sent, newest first. */
export function NotificationCards({
  notifications,
  onOlder,
}: {
  notifications: Newest<Notification> | undefined;
  onOlder: () => void;
}) {
  const items = notifications?.items ?? [];
  return (
    <section aria-labelledby="notifications">
      <h2 id="notifications">Notifications</h2>
      {items.length === 0 ? (
        <p class="muted">No push of this key has sent one.</p>
      ) : (
        <ul class="notifications">
          {items.map((notification, index) => (
            <NotificationCard key={`${notification.call} ${index}`} notification={notification} />
          ))}
        </ul>
      )}
      {notifications?.hasMore && (
        <button type="button" onClick={onOlder}>
          Older notifications
        </button>
      )}
    </section>
  );
}

function NotificationCard({ notification }: { notification: Notification }) {
  const { type, text, languageCode, sendTime, call } = notification;
  return (
    <li class="card notification">
      <h3>{capitalized(enumWord(NotificationTypeSchema, type))}</h3>
      <p dir="auto">{text}</p>
      <p class="muted">
        {sendTime && formatInstant(instantOf(sendTime))} · would be in {languageCode} ·{" "}
        <a href={hrefOf("calls", [call.slice("calls/".length)])}>call {call.slice("calls/".length)}</a>
      </p>
    </li>
  );
}
