import { Code } from "#deps/google/rpc/code_pb.js";
import type { Call } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { enumWord } from "../../plans/enum-word.ts";
import { codeName } from "../emulator/code-name.ts";
import { exactPattern } from "../emulator/key-pattern.ts";
import { callNumber } from "../emulator/resource-names.ts";
import { Chip } from "../ui/chip.tsx";
import { hrefOf } from "../ui/route.ts";
import { Time } from "../ui/time.tsx";
import { choiceOfCall } from "./shown-record.ts";
import { choiceText, type SubscriberAddress } from "./subscriber-address.ts";
import type { Newest } from "./subscriber-data.ts";

/** The pushes of a key, newest first. */
export function PushHistory({
  address,
  pushes,
  onOlder,
}: {
  address: SubscriberAddress;
  pushes: Newest<Call> | undefined;
  onOlder: () => void;
}) {
  const items = pushes?.items ?? [];
  const query = { operator: address.asn, userKey: exactPattern(address.userKey) };
  return (
    <section aria-labelledby="pushes">
      <div class="row">
        <h2 id="pushes">Pushes</h2>
        <a class="push" href={hrefOf("calls", [], query)}>
          All calls of this key
        </a>
      </div>
      {items.length === 0 ? (
        <p class="muted">The journal of the emulator has no push of this key.</p>
      ) : (
        <ol class="pushes">
          {items.map((call) => (
            <Push key={call.name} call={call} />
          ))}
        </ol>
      )}
      {pushes?.hasMore && (
        <button type="button" onClick={onOlder}>
          Older pushes
        </button>
      )}
    </section>
  );
}

function Push({ call }: { call: Call }) {
  const sent = call.notifications.map((type) => enumWord(NotificationTypeSchema, type));
  const isAccepted = call.code === Code.OK;
  return (
    <li>
      <div class="row">
        <a href={hrefOf("calls", [callNumber(call.name)])}>Call {callNumber(call.name)}</a>
        <Chip tone={isAccepted ? "good" : "bad"}>
          {isAccepted ? "accepted" : call.reason || codeName(call.code)}
        </Chip>
        <span class="muted">{choiceText(choiceOfCall(call))}</span>
        <span class="muted push">
          <Time value={call.receiveTime} isShort />
        </span>
      </div>
      {call.errorMessage !== "" && <p class="push-detail">{call.errorMessage}</p>}
      {sent.length > 0 && <p class="push-detail muted">notified: {sent.join(", ")}</p>}
    </li>
  );
}
