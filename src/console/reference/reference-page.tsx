import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import { loadContract } from "../contract/load-contract.ts";
import { goTo, hrefOf, parseRoute, route } from "../ui/route.ts";
import { Contents } from "./contents.tsx";
import { placeOf, titleOf } from "./place.ts";
import { PlaceView } from "./place-view.tsx";
import { createSearch, type Hit } from "./search/search.ts";
import { SearchResults } from "./search/search-results.tsx";
import { usePlace } from "./use-place.ts";

/** The page of the reference: a search, the contents of the contract, and one part of it. */
export function ReferencePage() {
  const [contract, setContract] = useState<Contract>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    loadContract().then(setContract, (error: Error) => setFailure(error.message));
  }, []);
  return (
    <div class="reference">
      <h1>Reference</h1>
      {contract ? (
        <Reference contract={contract} />
      ) : failure ? (
        <p role="alert">The contract could not be loaded: {failure}. Reload once the emulator runs.</p>
      ) : (
        <p aria-busy="true">Loading…</p>
      )}
    </div>
  );
}

function Reference({ contract }: { contract: Contract }) {
  const { segments, query: parameters } = route.value;
  const name = segments[0] ?? "";
  const query = parameters.get("q") ?? "";
  const isSearch = query.trim() !== "";
  const place = useMemo(() => placeOf(name, contract), [name, contract]);
  const search = useMemo(() => createSearch(contract), [contract]);
  const hits = useMemo(() => search(query), [search, query]);
  const content = useRef<HTMLElement>(null);
  usePlace(isSearch ? "search" : name, content);
  const title = isSearch ? query : titleOf(place);
  useEffect(() => {
    document.title = `${title && `${title} · `}Reference · Emulator`;
  }, [title]);
  return (
    <>
      <SearchField query={query} hits={hits} />
      <div class="reference-columns">
        <Contents contract={contract} place={place} />
        <section class="reference-content" ref={content} aria-label="Content">
          {isSearch ? (
            <SearchResults query={query} hits={hits} contract={contract} />
          ) : (
            <PlaceView place={place} contract={contract} />
          )}
        </section>
      </div>
    </>
  );
}

function SearchField({ query, hits }: { query: string; hits: readonly Hit[] }) {
  const onKeyDown = (event: KeyboardEvent) => {
    const [first] = hits;
    if (event.isComposing || first === undefined) {
      return;
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      document.querySelector<HTMLElement>("[data-hit]")?.focus();
    } else if (event.key === "Enter") {
      (event.currentTarget as HTMLElement).blur();
      goTo(hrefOf("reference", [first.entry.fullName]));
    }
  };
  return (
    <search class="reference-search">
      <input
        type="search"
        data-search
        aria-label="Search the contract"
        placeholder="Search names, comments and errors"
        autocomplete="off"
        spellcheck={false}
        value={query}
        onInput={({ currentTarget: { value } }) => {
          // Back leads from the results to the place before, past all that was typed. The address is ahead of the route.
          goTo(hrefOf("reference", [], { q: value }), { replace: parseRoute(location.hash).query.has("q") });
        }}
        onKeyDown={onKeyDown}
      />
      <span class="muted hint">
        <kbd>/</kbd> to search, <kbd>↓</kbd> to the results, <kbd>Enter</kbd> opens the first
      </span>
    </search>
  );
}
