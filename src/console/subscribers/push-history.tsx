import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import type { Call } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { NotificationTypeSchema } from "../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { formatInstant, instantOf } from "../../contract/instant.ts";
import { enumWord } from "../../plans/enum-word.ts";
import { hrefOf } from "../ui/route.ts";
import type { SubscriberAddress } from "./subscriber-address.ts";
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
  return (
    <section aria-labelledby="pushes">
      <h2 id="pushes">Pushes</h2>
      {items.length === 0 ? (
        <p class="muted">The journal holds no push of this key.</p>
      ) : (
        <div class="table-box">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Call</th>
                <th scope="col">Received</th>
                <th scope="col">Client</th>
                <th scope="col">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {items.map((call) => (
                <PushRow key={call.name} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pushes?.hasMore && (
        <button type="button" onClick={onOlder}>
          Older pushes
        </button>
      )}
      <p>
        <a href={hrefOf("calls", [], { operator: address.asn, userKey: address.userKey })}>
          All calls of this key
        </a>
      </p>
    </section>
  );
}

function PushRow({ call }: { call: Call }) {
  const number = call.name.slice("calls/".length);
  const isGroup = call.method.endsWith("/CreatePlanGroup");
  return (
    <tr>
      <td>
        <a href={hrefOf("calls", [number])}>#{number}</a>
      </td>
      <td>{call.receiveTime && formatInstant(instantOf(call.receiveTime))}</td>
      <td>{isGroup ? "plan group" : call.clientId || "every client"}</td>
      <td>
        <Outcome call={call} />
      </td>
    </tr>
  );
}

function Outcome({ call }: { call: Call }) {
  if (call.code === 0) {
    const sent = call.notifications.map((type) => enumWord(NotificationTypeSchema, type));
    return (
      <>
        <span class="chip good">accepted</span> {sent.length > 0 && `notified: ${sent.join(", ")}`}
      </>
    );
  }
  return (
    <>
      <span class="chip bad">{call.reason || CodeSchema.value[call.code]?.name || call.code}</span>{" "}
      <span class="outcome-message">{call.errorMessage}</span>
    </>
  );
}
