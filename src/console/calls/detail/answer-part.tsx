import { useEffect, useState } from "preact/hooks";
import type {
  Call,
  Notification,
} from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { hrefOf } from "../../ui/route.ts";
import { codeName, notificationName } from "../list/call-row.ts";

/** What was answered, and the notifications that a push sent. */
export function AnswerPart({ call }: { call: Call }) {
  return (
    <section aria-labelledby="call-answer-title">
      <h3 id="call-answer-title">Answer</h3>
      <p>
        {call.httpStatus === 0 ? "No answer was sent." : `HTTP ${call.httpStatus}`}{" "}
        <code>{codeName(call.code)}</code>
      </p>
      {call.notifications.length > 0 && <Notifications call={call} />}
    </section>
  );
}

function Notifications({ call }: { call: Call }) {
  const texts = useTexts(call);
  const asn = call.operator.replace(/^operators\//, "");
  const href = hrefOf("subscribers", [asn, call.clientId || "-", call.userKey]);
  return (
    <ul class="call-notifications" aria-label="Notifications sent">
      {call.notifications.map((type, index) => (
        <li key={`${type} ${index}`}>
          <a href={href}>{notificationName(type)}</a> {texts[index]?.text}
        </li>
      ))}
    </ul>
  );
}

/** Most pages that are searched for the texts: later pushes for the same key may have sent many others. */
const maxPages = 5;

/** Returns the texts of the notifications, once they were read. */
function useTexts(call: Call): readonly Notification[] {
  const [texts, setTexts] = useState<readonly Notification[]>([]);
  useEffect(() => {
    const ended = new AbortController();
    readTexts(call, ended.signal).then(setTexts, () => {});
    return () => ended.abort();
  }, [call]);
  return texts;
}

async function readTexts(call: Call, signal: AbortSignal): Promise<readonly Notification[]> {
  const filter = {
    operator: call.operator,
    clientId: call.clientId,
    userKey: call.userKey.replace(/[*\\]/g, "\\$&"),
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
