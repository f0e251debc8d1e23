import { useState } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import { plainText } from "../contract/plain-text.ts";
import { hrefOf } from "../ui/route.ts";
import { kindOf } from "./kind.ts";
import type { Hit } from "./search.ts";

/** Hits that are shown at first. Most readers want one of the first ten. */
const firstHits = 50;

/** The hits of a search, best first. Arrow keys lead from one to the next. */
export function SearchResults({ text, hits }: { text: string; hits: readonly Hit[]; contract: Contract }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? hits : hits.slice(0, firstHits);
  return (
    <>
      <p role="status" class="muted">
        {hits.length === 0
          ? `Nothing in the contract matches “${text}”.`
          : `${hits.length} ${hits.length === 1 ? "result" : "results"}`}
      </p>
      <ol class="hits" onKeyDown={moveFocus}>
        {shown.map((hit) => (
          <HitView key={hit.entry.fullName} hit={hit} />
        ))}
      </ol>
      {shown.length < hits.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {hits.length}
        </button>
      )}
    </>
  );
}

function HitView({ hit: { entry, parent } }: { hit: Hit }) {
  const name = entry.kind === "field" ? entry.jsonName : entry.name;
  return (
    <li>
      <a href={hrefOf("reference", [entry.fullName])} data-hit>
        {parent && entry.kind !== "method" && <span class="muted">{parent.name}.</span>}
        {name}
      </a>
      <span class="kind">{kindOf(entry)}</span>
      {entry.kind === "method" && <code class="muted">{entry.routes[0]}</code>}
      {entry.kind === "field" && <code class="muted">{plainText(entry.type)}</code>}
      <p>{entry.summary}</p>
    </li>
  );
}

function moveFocus(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const hits = [...document.querySelectorAll<HTMLElement>("[data-hit]")];
  const index = hits.indexOf(document.activeElement as HTMLElement);
  if (step === 0 || index === -1) {
    return;
  }
  event.preventDefault();
  const next =
    index + step === -1 ? document.querySelector<HTMLElement>("[data-search]") : hits[index + step];
  next?.focus();
}
