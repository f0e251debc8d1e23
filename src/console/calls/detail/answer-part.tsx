import { Code } from "#deps/google/rpc/code_pb.js";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { codeName } from "../../emulator/code-name.ts";
import { hrefOf } from "../../ui/route.ts";
import { outcomeOf } from "../feed/call-row.ts";
import { SentNotifications } from "./sent-notifications.tsx";

/** What was answered: first what was wrong, or what a push sent. */
export function AnswerPart({ call }: { call: Call }) {
  const { code, reason, fault, httpStatus } = call;
  const status = httpStatus === 0 ? "No answer" : `HTTP ${httpStatus}`;
  return (
    <section class="call-answer" data-tone={outcomeOf(call).tone} aria-label="Answer">
      <h3>
        {reason === "" ? (
          codeName(code)
        ) : (
          <a href={hrefOf("reference", [`mobiledataplansharing.v1.ErrorReason.${reason}`])}>{reason}</a>
        )}{" "}
        <span class="muted">{reason === "" ? status : `${status} · ${codeName(code)}`}</span>
      </h3>
      {fault !== "" && (
        <p>
          Injected by <a href={hrefOf("controls")}>{fault}</a>
        </p>
      )}
      {code !== Code.OK && <Wrong call={call} />}
      {call.notifications.length > 0 && <SentNotifications call={call} />}
    </section>
  );
}

/** What was wrong. With violations, the message of the error only repeats the first one. */
function Wrong({ call }: { call: Call }) {
  if (call.violations.length === 0) {
    return <p>{call.errorMessage}</p>;
  }
  return (
    <ul class="call-violations">
      {call.violations.map(({ field, description }, index) => (
        <li key={`${field} ${index}`}>
          <button type="button" onClick={() => showMark(description)}>
            {field || "request"}
          </button>{" "}
          {description}
        </li>
      ))}
    </ul>
  );
}

/** Scrolls to the place in the request where a violation is marked. */
function showMark(description: string): void {
  const marks = [...document.querySelectorAll<HTMLElement>(".call-request [role=note], .json-elsewhere li")];
  marks.find(({ textContent }) => textContent?.includes(description))?.scrollIntoView({ block: "center" });
}
