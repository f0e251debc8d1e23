import type { ComponentChildren } from "preact";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { escapeInvisible } from "../../../contract/field-violation.ts";
import { msOf } from "../../emulator/durations.ts";
import { Time } from "../../ui/time.tsx";
import { durationText } from "../feed/call-row.ts";

/** Everything else that is known of a call. */
export function FactsPart({ call }: { call: Call }) {
  const facts: readonly (readonly [name: string, value: ComponentChildren])[] = [
    ["Received", <Time key="time" value={call.receiveTime} />],
    ["Duration", durationText(msOf(call.duration))],
    ["Method", call.method],
    ["Operator", call.operator],
    ["Client", escapeInvisible(call.clientId)],
    ["User key", escapeInvisible(call.userKey)],
    ["Request id", call.requestId],
    ["Body size", `${call.bodySize.toLocaleString("en")} bytes`],
  ];
  return (
    <section aria-labelledby="call-facts-title">
      <h3 id="call-facts-title">Details</h3>
      <dl class="facts">
        {facts.map(([name, value]) => value !== "" && <Fact key={name} name={name} value={value} />)}
      </dl>
      {call.headers.length > 0 && (
        <>
          <h3>Headers</h3>
          <dl class="facts">
            {call.headers.map(({ name, value }, index) => (
              <Fact key={index} name={name} value={value} />
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
