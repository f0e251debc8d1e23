import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../../emulator/client.ts";
import { type Problem, problemOf } from "../../emulator/problem.ts";
import { Chip } from "../../ui/chip.tsx";
import { ProblemBox } from "../../ui/problem-box.tsx";
import { outcomeOf, protocolNames, shortMethod } from "../feed/call-row.ts";
import { AnswerPart } from "./answer-part.tsx";
import { FactsPart } from "./facts-part.tsx";
import { RequestPart } from "./request-part.tsx";
import { SnippetPart } from "./snippet-part.tsx";

/** One call, opened: first what was wrong with it. */
export function CallDetail({
  number,
  closeHref,
  takesFocus,
  onStep,
}: {
  number: number;
  /** Where the list is without a call. */
  closeHref: string;
  /** Whether it covers the list, so that the focus must not stay there. */
  takesFocus: boolean;
  /** Opens the call that is so many rows further down. */
  onStep: (by: number) => void;
}) {
  const { call, problem } = useCall(number);
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (takesFocus) {
      title.current?.focus();
    }
  }, [takesFocus]);
  return (
    <section class="call-detail" aria-labelledby="call-title" aria-busy={call === undefined && !problem}>
      {/* That of the list is covered. */}
      {takesFocus && <h1 class="visually-hidden">Calls</h1>}
      <header>
        <h2 id="call-title" ref={title} tabIndex={-1}>
          Call {number}
        </h2>
        {call && <Summary call={call} />}
        <span class="call-buttons">
          <button
            type="button"
            class="call-button"
            aria-label="Newer call"
            title="Newer call (k)"
            onClick={() => onStep(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="call-button"
            aria-label="Older call"
            title="Older call (j)"
            onClick={() => onStep(1)}
          >
            ↓
          </button>
          <a class="call-button" href={closeHref} aria-label="Close the call" title="Close (Esc)">
            ✕
          </a>
        </span>
      </header>
      {problem && <ProblemBox title={`Call ${number} is not shown`} problem={problem} />}
      {call && (
        <div class="call-parts" key={call.name}>
          <AnswerPart call={call} />
          <RequestPart call={call} />
          <SnippetPart call={call} />
          <FactsPart call={call} />
        </div>
      )}
    </section>
  );
}

function Summary({ call }: { call: Call }) {
  const { tone, status } = outcomeOf(call);
  return (
    <>
      <Chip tone={tone}>{status}</Chip>
      <span>
        {call.method === "" ? call.httpMethod : shortMethod(call.method)}{" "}
        <span class="muted">{protocolNames[call.protocol]}</span>
      </span>
    </>
  );
}

/** Returns a call, once it was read. The one before stays until then, so that the page does not flicker. */
function useCall(number: number): { call?: Call; problem?: Problem } {
  const [found, setFound] = useState<{ call?: Call; problem?: Problem }>({});
  useEffect(() => {
    const ended = new AbortController();
    emulator.getCall({ name: `calls/${number}` }, { signal: ended.signal }).then(
      (call) => setFound({ call }),
      (cause) => {
        if (!ended.signal.aborted) {
          setFound({ problem: problemOf(cause) });
        }
      },
    );
    return () => ended.abort();
  }, [number]);
  return found;
}
