import { useCallback } from "preact/hooks";
import type { Call } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { SnippetPanel } from "../../snippets/snippet-panel.tsx";

/** The call in the languages with which it can be sent again. */
export function SnippetPart({ call }: { call: Call }) {
  return (
    <section aria-labelledby="call-snippets-title">
      <h3 id="call-snippets-title">Send it again</h3>
      {call.fault !== "" && (
        <p class="muted">
          The answer was due to an injected error. Sent again, the call is answered otherwise unless the error
          still applies.
        </p>
      )}
      <SnippetPanel
        callWith={useCallback(({ callOfJournal }) => callOfJournal(call, location.origin), [call])}
      />
    </section>
  );
}
