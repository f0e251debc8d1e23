import { useEffect, useRef } from "preact/hooks";
import type { Contract } from "../contract/contract.ts";
import type { ContractType } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { type ContentsGroup, contentsOf } from "./contents.ts";
import type { Place } from "./place.ts";

/** The contents of the contract, beside what is shown. */
export function Contents({ contract, place }: { contract: Contract; place: Place }) {
  const shown = typeIn(place);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = box.current?.querySelector<HTMLElement>("[aria-current]");
    if (box.current && current) {
      // Within the box only: scrollIntoView would move the page as well.
      const { top, bottom } = box.current.getBoundingClientRect();
      const at = current.getBoundingClientRect();
      if (at.top < top || at.bottom > bottom) {
        box.current.scrollTop += at.top - (top + bottom) / 2;
      }
    }
  }, [shown]);
  return (
    <nav class="reference-contents" aria-label="Contract" ref={box}>
      <a href={hrefOf("reference")} aria-current={place.kind === "overview" ? "page" : undefined}>
        Overview
      </a>
      {contract.document.packages.map(({ name, isForeign }) => (
        <details key={name} open={!isForeign || shown?.package === name}>
          <summary>{name.replace(/^mobiledataplansharing\./, "")}</summary>
          {contentsOf(name, contract).map((group) => (
            <Group key={group.title} group={group} shown={shown} />
          ))}
        </details>
      ))}
    </nav>
  );
}

function Group({
  group: { title, types, isDetail },
  shown,
}: {
  group: ContentsGroup;
  shown: ContractType | undefined;
}) {
  const list = (
    <ul>
      {types.map((type) => (
        <li key={type.fullName}>
          <a href={hrefOf("reference", [type.fullName])} aria-current={type === shown ? "page" : undefined}>
            {type.name}
          </a>
        </li>
      ))}
    </ul>
  );
  if (!isDetail) {
    return (
      <>
        <p class="group">{title}</p>
        {list}
      </>
    );
  }
  return (
    <details open={shown !== undefined && types.includes(shown)}>
      <summary class="group">{title}</summary>
      {list}
    </details>
  );
}

function typeIn(place: Place): ContractType | undefined {
  switch (place.kind) {
    case "service":
    case "method":
      return place.service;
    case "message":
      return place.message;
    case "enum":
    case "reasons":
    case "reason":
      return place.enum;
    default:
      return undefined;
  }
}
