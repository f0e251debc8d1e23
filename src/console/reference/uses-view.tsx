import type { Contract } from "../contract/contract.ts";
import type { ContractMember } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { usesOf } from "./uses.ts";

/** What uses a type. */
export function UsesView({ fullName, contract }: { fullName: string; contract: Contract }) {
  const { fields, requests, responses } = usesOf(fullName, contract);
  const groups = [
    ["Request of", requests],
    ["Response of", responses],
    ["Type of", fields],
  ] as const;
  const shown = groups.filter(([, members]) => members.length > 0);
  if (shown.length === 0) {
    return null;
  }
  return (
    <>
      <h3>Used by</h3>
      <ul>
        {shown.map(([label, members]) => (
          <li key={label}>
            {label}{" "}
            {(members as readonly ContractMember[]).map((member, index) => (
              <span key={member.fullName}>
                {index > 0 && ", "}
                <a href={hrefOf("reference", [member.fullName])}>
                  {contract.parentOf(member).name}.{member.kind === "field" ? member.jsonName : member.name}
                </a>
              </span>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}
