import type { Contract } from "../contract/contract.ts";
import type { ContractMember } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";

/** Links to members, grouped by the types that they belong to. */
export function MemberLinks({
  members,
  contract,
}: {
  members: readonly ContractMember[];
  contract: Contract;
}) {
  const groups = Map.groupBy(members, (member) => contract.parentOf(member));
  return (
    <ul class="reference-member-links">
      {[...groups].map(([parent, group]) => (
        <li key={parent.fullName}>
          <a href={hrefOf("reference", [parent.fullName])}>{parent.name}</a>:{" "}
          {group.map((member, index) => (
            <span key={member.fullName}>
              {index > 0 && ", "}
              <a href={hrefOf("reference", [member.fullName])}>
                {member.kind === "field" ? member.jsonName : member.name}
              </a>
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}
