import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import { loadContract } from "../contract/load-contract.ts";
import { goTo, hrefOf, route } from "../ui/route.ts";
import { Contents } from "./contents.tsx";
import { type Place, placeOf } from "./place.ts";
import { PlaceView } from "./place-view.tsx";
import { createSearch } from "./search.ts";
import { SearchResults } from "./search-results.tsx";

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
        <p role="alert">{failure}. Reload once the emulator runs.</p>
      ) : (
        <p aria-busy="true">Loading…</p>
      )}
    </div>
  );
}

function Reference({ contract }: { contract: Contract }) {
  const { segments, query } = route.value;
  const name = segments[0] ?? "";
  const text = query.get("q") ?? "";
  const place = useMemo(() => placeOf(name, contract), [name, contract]);
  const search = useMemo(() => createSearch(contract), [contract]);
  const hits = useMemo(() => search(text), [search, text]);
  const content = useRef<HTMLElement>(null);
  const isSearch = text.trim() !== "";
  usePlace(place, isSearch, content);
  return (
    <>
      <SearchField text={text} firstHit={hits[0]?.entry.fullName} />
      <div class="reference-columns">
        <Contents contract={contract} place={place} />
        <section class="reference-content" ref={content} aria-label={isSearch ? "Results" : "Content"}>
          {isSearch ? (
            <SearchResults text={text} hits={hits} contract={contract} />
          ) : (
            <PlaceView place={place} contract={contract} />
          )}
        </section>
      </div>
    </>
  );
}

function SearchField({ text, firstHit }: { text: string; firstHit: string | undefined }) {
  return (
    <search class="reference-search">
      <input
        type="search"
        data-search
        aria-label="Search the contract"
        placeholder="Search names, comments and errors"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          // Back leads from the results to the place before, past all that was typed.
          goTo(hrefOf("reference", [], { q: value }), { replace: text !== "" });
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>("[data-hit]")?.focus();
          } else if (event.key === "Enter" && firstHit !== undefined) {
            goTo(hrefOf("reference", [firstHit]));
          }
        }}
      />
    </search>
  );
}

/** Says where the reader is: in the title, by the focus, and by scrolling to what is marked. */
function usePlace(place: Place, isSearch: boolean, content: { current: HTMLElement | null }): void {
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(place)}Reference · Emulator`;
    if (isSearch) {
      return;
    }
    const marked = content.current?.querySelector(".marked");
    if (marked) {
      marked.scrollIntoView({ block: "center" });
    } else if (!isFirst.current) {
      scrollTo({ top: 0 });
    }
    if (!isFirst.current) {
      content.current?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [place, isSearch]);
}

function titleOf(place: Place): string {
  switch (place.kind) {
    case "overview":
    case "unknown":
      return "";
    case "package":
      return `${place.package.name} · `;
    case "service":
      return `${place.service.name} · `;
    case "method":
      return `${place.method.name} · `;
    case "message":
      return `${place.message.name} · `;
    case "reason":
      return `${place.value.name} · `;
    default:
      return `${place.enum.name} · `;
  }
}
