import type { Contract } from "../contract/contract.ts";
import type { ContractType } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import type { Place } from "./place.ts";

/** The contents of the contract, beside what is shown. */
export function Contents({ contract, place }: { contract: Contract; place: Place }) {
  const shown = shownType(place);
  return (
    <nav class="reference-contents" aria-label="Contract">
      <a href={hrefOf("reference")} aria-current={place.kind === "overview" ? "page" : undefined}>
        Overview
      </a>
      {contract.document.packages.map(({ name }) => (
        <details key={name} open={!name.startsWith("google.") || shown?.package === name}>
          <summary>{name.replace(/^mobiledataplansharing\./, "")}</summary>
          <ul>
            {contract.document.types
              .filter((type) => type.package === name)
              .map((type) => (
                <li key={type.fullName}>
                  <a
                    href={hrefOf("reference", [type.fullName])}
                    aria-current={type === shown ? "page" : undefined}
                  >
                    {type.name}
                  </a>
                </li>
              ))}
          </ul>
        </details>
      ))}
    </nav>
  );
}

function shownType(place: Place): ContractType | undefined {
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
