import type { Notification } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { enumWord } from "../../plans/enum-word.ts";
import { callNumber } from "../emulator/resource-names.ts";
import { hrefOf } from "../ui/route.ts";
import { Time } from "../ui/time.tsx";
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
        <p class="muted">No push of this key has sent a notification.</p>
      ) : (
        <ul class="notifications">
          {keysOf(items).map(([key, notification]) => (
            <NotificationCard key={key} notification={notification} />
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
      <div class="row">
        <h3>{capitalized(enumWord(NotificationTypeSchema, type))}</h3>
        <span class="muted push">
          <Time value={sendTime} isShort />
        </span>
      </div>
      <p>
        <bdi lang="en" dir="ltr">
          {text}
        </bdi>
      </p>
      <p class="muted">
        <a href={hrefOf("calls", [callNumber(call)])}>Call {callNumber(call)}</a> · the real text would be in{" "}
        <code>{languageCode}</code>
      </p>
    </li>
  );
}

/** Pairs each notification with a key that stays the same when newer ones arrive: a push may send two of a type. */
function keysOf(items: readonly Notification[]): [string, Notification][] {
  const counts = new Map<string, number>();
  return items.map((item) => {
    const count = counts.get(item.call) ?? 0;
    counts.set(item.call, count + 1);
    return [`${item.call} ${count}`, item];
  });
}
