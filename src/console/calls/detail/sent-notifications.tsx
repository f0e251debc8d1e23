import { useEffect, useState } from "preact/hooks";
import type {
  Call,
  Notification,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { exactPattern } from "../../emulator/key-pattern.ts";
import { hrefOf } from "../../ui/route.ts";
import { subscriberPlace } from "../../ui/subscriber-place.ts";
import { notificationName } from "../feed/call-row.ts";

/** The notifications that a push sent, as a user might read them. */
export function SentNotifications({ call }: { call: Call }) {
  const sent = useSent(call);
  const href = hrefOf("subscribers", ...subscriberPlace(call));
  return (
    <ul class="call-notifications" aria-label="Notifications sent">
      {call.notifications.map((type, index) => (
        <li key={`${type} ${index}`}>
          <a href={href}>{notificationName(type)}</a>
          {sent[index] && <span dir="auto">{sent[index].text}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Most pages that are searched for the texts: later pushes for the same key may have sent many others. */
const maxPages = 5;

/** Returns the notifications with their texts, once they were read. */
function useSent(call: Call): readonly Notification[] {
  const [sent, setSent] = useState<readonly Notification[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    // Without the texts, the types are shown alone.
    readSent(call, ended.signal).then(setSent, () => {});
    return () => ended.abort();
  }, [call]);
  return sent;
}

async function readSent(call: Call, signal: AbortSignal): Promise<readonly Notification[]> {
  const filter = {
    operator: call.operator,
    clientId: call.clientId,
    userKey: exactPattern(call.userKey),
    pageSize: 1_000,
  };
  const found: Notification[] = [];
  let pageToken = "";
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await emulator.listNotifications({ ...filter, pageToken }, { signal });
    found.push(...answer.notifications.filter((notification) => notification.call === call.name));
    pageToken = answer.nextPageToken;
    if (found.length >= call.notifications.length || pageToken === "") {
      break;
    }
  }
  // They are listed newest first.
  return found.reverse();
}
