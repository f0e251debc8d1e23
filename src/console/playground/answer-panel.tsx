import { callNumber } from "../emulator/resource-names.ts";
import { Chip } from "../ui/chip.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { JsonView } from "../ui/json/json-view.tsx";
import { hrefOf } from "../ui/route.ts";
import { subscriberPlace } from "../ui/subscriber-place.ts";
import { NotificationList } from "./outcome-panel.tsx";
import { pushProtocols } from "./push/push-body.ts";
import type { PushAnswer, Rejected, Stored } from "./push/send-push.ts";

/** What the emulator answered to the last push. */
export function AnswerPanel({ answer }: { answer: PushAnswer }) {
  const { result, call, requestId, draft, protocol } = answer;
  return (
    <div class="answer stack">
      <p class="row">
        <Chip tone={result.kind === "stored" ? "good" : "bad"}>
          {result.kind === "stored" ? "Stored" : result.code}
        </Chip>
        <span class="muted">over {pushProtocols[protocol]}</span>
        {call !== undefined && <a href={hrefOf("calls", [callNumber(call)])}>Open the call</a>}
        {result.kind === "stored" && (
          <a href={hrefOf("subscribers", ...subscriberPlace(draft))}>Open the subscriber</a>
        )}
      </p>
      {result.kind === "stored" ? <StoredView result={result} /> : <RejectedView result={result} />}
      <p class="row muted">
        <span>
          Request id <code class="key">{requestId}</code>
        </span>
        <CopyButton text={requestId} name="Copy: request id" />
      </p>
    </div>
  );
}

function StoredView({ result: { json, notifications } }: { result: Stored }) {
  return (
    <>
      {notifications.length > 0 && <NotificationList notifications={notifications} />}
      <div class="stored">
        <JsonView text={json} label="Stored resource" />
      </div>
    </>
  );
}

function RejectedView({ result }: { result: Rejected }) {
  const { reason, message, violations, retryAfterSeconds } = result;
  return (
    <div class="problem">
      {reason !== "" && (
        <p>
          <a href={hrefOf("reference", [`mobiledataplansharing.v1.ErrorReason.${reason}`])}>
            <code>{reason}</code>
          </a>
        </p>
      )}
      <p>{message}</p>
      {violations.length > 0 && (
        <p>
          {violations.length === 1 ? "The violation is" : `All ${violations.length} violations are`} marked in
          the editor.
        </p>
      )}
      {retryAfterSeconds !== undefined && <p>Retry after {retryAfterSeconds} s.</p>}
    </div>
  );
}
