import type { Contract } from "../contract/contract.ts";
import type { ContractMember } from "../contract/document.ts";
import { Facts } from "./member.tsx";
import { MemberLinks } from "./member-links.tsx";
import { usesOf } from "./uses.ts";

/** What uses a type. */
export function UsesView({ fullName, contract }: { fullName: string; contract: Contract }) {
  const { fields, requests, responses } = usesOf(fullName, contract);
  if (fields.length + requests.length + responses.length === 0) {
    return null;
  }
  const links = (members: readonly ContractMember[]) =>
    members.length === 0 ? undefined : <MemberLinks members={members} contract={contract} />;
  return (
    <>
      <h3>Used by</h3>
      <Facts
        facts={[
          ["Request of", links(requests)],
          ["Response of", links(responses)],
          ["Type of", links(fields)],
        ]}
      />
    </>
  );
}
