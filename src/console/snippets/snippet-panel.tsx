import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { CodeBox } from "../ui/code-box.tsx";
import { Tabs } from "../ui/tabs.tsx";
import type { RepeatableCall, Snippet } from "./repeatable-call.ts";

type Writers = typeof import("./write-snippets.ts");

/** The writers, once they are loaded: the first view of the console does without them. */
const writers = signal<Writers | undefined>(undefined);

/** The language that was last selected, for the next call too. */
const selected = signal<string | undefined>(undefined);

/** Shows a call as curl, grpcurl, TypeScript and Python, to copy. */
export function SnippetPanel({ callWith }: { callWith: (writers: Writers) => RepeatableCall }) {
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    import("./write-snippets.ts").then(
      (loaded) => {
        writers.value = loaded;
      },
      () => setFailed(true),
    );
  }, []);
  const loaded = writers.value;
  const call = useMemo(() => loaded && callWith(loaded), [loaded, callWith]);
  if (!loaded || !call) {
    return (
      <p role="status">
        {hasFailed ? "This part could not be loaded: the emulator does not answer." : "Loading…"}
      </p>
    );
  }
  const tabs = loaded.snippetWriters.map(({ id, label, write }) => ({
    id,
    label,
    content: () => <SnippetView label={label} snippet={write(call)} />,
  }));
  return (
    <Tabs
      label="Languages"
      tabs={tabs}
      {...(selected.value !== undefined && { selected: selected.value })}
      onSelect={(id) => {
        selected.value = id;
      }}
    />
  );
}

function SnippetView({ label, snippet }: { label: string; snippet: Snippet }) {
  return "text" in snippet ? (
    <CodeBox text={snippet.text} label={label} />
  ) : (
    <p class="muted">{snippet.reason}</p>
  );
}
