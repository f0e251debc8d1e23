import { Code } from "#deps/google/rpc/code_pb.js";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { hrefOf } from "../../ui/route.ts";
import { codeName } from "../list/call-row.ts";
import { fieldOf } from "./shown-request.ts";

/** Why a call failed: reason, message, and each violation. Nothing for calls that did not. */
export function WrongPart({ call }: { call: Call }) {
  if (call.code === Code.OK && call.fault === "") {
    return null;
  }
  return (
    <div class={call.code === Code.OK ? "call-note" : "call-wrong"}>
      {call.code !== Code.OK && <Reason call={call} />}
      {call.fault !== "" && (
        <p>
          Injected by <a href={hrefOf("controls")}>{call.fault}</a>
        </p>
      )}
    </div>
  );
}

function Reason({ call }: { call: Call }) {
  const { reason, code, errorMessage, violations } = call;
  return (
    <>
      <h3>
        {reason === "" ? (
          codeName(code)
        ) : (
          <a href={hrefOf("reference", ["mobiledataplansharing.v1.ErrorReason"])}>{reason}</a>
        )}
      </h3>
      {/* With one violation, the message only repeats it. */}
      {violations.length !== 1 && <p>{errorMessage}</p>}
      {violations.length > 0 && (
        <ul>
          {violations.map(({ field, description }, index) => (
            <li key={`${field} ${index}`}>
              <button type="button" class="link" onClick={() => showMark(description)}>
                {fieldOf(call, field) || "request"}
              </button>{" "}
              {description}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Scrolls to the place in the request where a violation is marked. */
function showMark(description: string): void {
  const marks = [
    ...document.querySelectorAll<HTMLElement>(".call-request .json-mark, .call-request .parameter-mark"),
  ];
  const mark = marks.find(({ textContent }) => textContent?.includes(description));
  mark?.scrollIntoView({ block: "center" });
}
