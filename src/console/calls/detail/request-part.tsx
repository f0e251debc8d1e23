import { useMemo } from "preact/hooks";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { CodeBox } from "../../ui/code-box.tsx";
import { openInPlayground } from "../../ui/draft.ts";
import { JsonView } from "../../ui/json/json-view.tsx";
import { hrefOf } from "../../ui/route.ts";
import { subscriberPlace } from "../../ui/subscriber-place.ts";
import { draftOf, hexDump, type RawBody, type ShownRequest, shownRequest } from "./shown-request.ts";
import { targetParts } from "./target-parts.ts";

/** What was asked: target, body, and what of it broke rules. */
export function RequestPart({ call }: { call: Call }) {
  const request = useMemo(() => shownRequest(call), [call]);
  const draft = useMemo(() => draftOf(call), [call]);
  return (
    <section class="call-request" aria-labelledby="call-request-title">
      <div class="part-title">
        <h3 id="call-request-title">Request</h3>
        {call.operator !== "" && call.userKey !== "" && (
          <a href={hrefOf("subscribers", ...subscriberPlace(call))}>Subscriber</a>
        )}
        {draft && (
          <button type="button" onClick={() => openInPlayground(draft)}>
            Open in the playground
          </button>
        )}
      </div>
      <p class="target">
        <code>
          {call.httpMethod}{" "}
          <TargetText target={call.target} wrong={request.parameterMarks.map(({ path }) => path)} />
        </code>
      </p>
      {request.parameterMarks.map(({ path, description }) => (
        <p key={`${path} ${description}`} class="parameter-mark" role="note">
          <code>{path}</code> {description}
        </p>
      ))}
      <Body call={call} request={request} />
      {request.raw && <Raw body={request.raw} />}
    </section>
  );
}

/** A path or query breaks before its separators only, where it fits. */
function TargetText({ target, wrong }: { target: string; wrong: readonly string[] }) {
  return (
    <>
      {targetParts(target, wrong).map(({ text, isWrong }, index) => (
        <span key={`${index} ${text}`} class="target-part">
          {isWrong ? <mark>{text}</mark> : text}
        </span>
      ))}
    </>
  );
}

function Body({ call, request }: { call: Call; request: ShownRequest }) {
  const { body, marks } = request;
  if (body === undefined) {
    return (
      <>
        <p class="muted">{noBodyText(call)}</p>
        {marks.map(({ path, description }) => (
          <p key={`${path} ${description}`} class="parameter-mark" role="note">
            {path && <code>{path}</code>} {description}
          </p>
        ))}
      </>
    );
  }
  return (
    <>
      {body.isCut && (
        <p class="muted">
          Only the beginning of the body was kept: it has {call.bodySize.toLocaleString("en")} bytes.
        </p>
      )}
      <JsonView text={body.text} marks={marks} label="Request body" />
    </>
  );
}

function noBodyText({ bodySize, body }: Call): string {
  if (body.case === undefined) {
    return bodySize === 0n ? "No body was sent." : "The body is a credential, so it was not kept.";
  }
  return "The body could not be read as a request.";
}

function Raw({ body }: { body: RawBody }) {
  return (
    <details>
      <summary>
        Body as it was sent{"bytes" in body && `, ${body.bytes.length.toLocaleString("en")} bytes`}
      </summary>
      <CodeBox text={"text" in body ? body.text : hexDump(body.bytes)} label="Body as it was sent" />
    </details>
  );
}
