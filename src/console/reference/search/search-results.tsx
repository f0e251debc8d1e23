import { useState } from "preact/hooks";
import type { Contract } from "../../contract/contract.ts";
import type { ContractEntry } from "../../contract/document.ts";
import { plainText } from "../../contract/plain-text.ts";
import { hrefOf } from "../../ui/route.ts";
import { KindChip } from "../kind-chip.tsx";
import { excerptOf, piecesOf } from "./excerpt.ts";
import type { Hit } from "./search.ts";
import { similarNames } from "./similar.ts";

/** Hits that are shown at first. Most readers want one of the first ten. */
const firstHits = 50;

/** The hits of a search, best first. Up and Down lead from one to the next. */
export function SearchResults({
  query,
  hits,
  contract,
}: {
  query: string;
  hits: readonly Hit[];
  contract: Contract;
}) {
  const [shownFor, setShownFor] = useState<string>();
  const shown = shownFor === query ? hits : hits.slice(0, firstHits);
  return (
    <>
      <h2 tabIndex={-1}>Results</h2>
      <p role="status" class="muted">
        {hits.length === 0
          ? "Nothing in the contract has all of these words."
          : `${hits.length} ${hits.length === 1 ? "result" : "results"}`}
      </p>
      {hits.length === 0 && <Similar query={query} contract={contract} />}
      <ol class="reference-hits" onKeyDown={moveFocus}>
        {shown.map((hit) => (
          <HitView key={hit.entry.fullName} hit={hit} query={query} />
        ))}
      </ol>
      {shown.length < hits.length && (
        <button type="button" onClick={() => setShownFor(query)}>
          Show all {hits.length} results
        </button>
      )}
    </>
  );
}

function HitView({ hit: { entry, parent }, query }: { hit: Hit; query: string }) {
  const name = entry.kind === "field" ? entry.jsonName : entry.name;
  return (
    <li>
      <div class="row">
        <a class="reference-member-name" href={hrefOf("reference", [entry.fullName])} data-hit>
          {parent && `${parent.name}.`}
          <Marked text={name} query={query} />
        </a>
        <KindChip entry={entry} />
        <span class="muted code">{factOf(entry)}</span>
      </div>
      <p>
        <Marked text={excerptOf(entry, query)} query={query} />
      </p>
    </li>
  );
}

function factOf(entry: ContractEntry): string | undefined {
  switch (entry.kind) {
    case "method":
      return entry.routes[0];
    case "field":
      return plainText(entry.type);
    case "value":
      return entry.reason && `${entry.reason.status} ${entry.reason.code}`;
    default:
      return undefined;
  }
}

function Marked({ text, query }: { text: string; query: string }) {
  return (
    <>
      {piecesOf(text, query).map((piece, index) =>
        piece.isMatch ? <mark key={index}>{piece.text}</mark> : piece.text,
      )}
    </>
  );
}

function Similar({ query, contract }: { query: string; contract: Contract }) {
  const names = similarNames(query, contract);
  if (names.length === 0) {
    return null;
  }
  return (
    <p>
      Similar names:{" "}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <a href={hrefOf("reference", [], { q: name })}>{name}</a>
        </span>
      ))}
    </p>
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
    index + step < 0 ? document.querySelector<HTMLElement>("main [data-search]") : hits[index + step];
  next?.focus();
}
