import { CommentView, InlineText } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { ContractMember, EnumEntry, ReasonFacts, ValueEntry } from "../contract/document.ts";
import { CodeBox } from "../ui/code-box.tsx";
import { hrefOf } from "../ui/route.ts";
import { Heading } from "./heading.tsx";
import { Facts, Member } from "./member.tsx";
import { MemberLinks } from "./member-links.tsx";

/** All reasons of errors: what they mean, and what to do. */
export function ReasonList({ type }: { type: EnumEntry }) {
  return (
    <>
      <Heading entry={type} />
      <h3>Reasons</h3>
      <dl class="reference-members">
        {type.values.map((value) => (
          <Member key={value.fullName} entry={value} facts={<ReasonCodes value={value} />}>
            <CommentView blocks={value.comment} />
            {value.reason && <Advice reason={value.reason} />}
          </Member>
        ))}
      </dl>
    </>
  );
}

/** The HTTP status and the code of a reason. */
export function ReasonCodes({ value: { reason } }: { value: ValueEntry }) {
  return reason ? (
    <span class="muted">
      {reason.status} {reason.code}
    </span>
  ) : null;
}

function Advice({ reason }: { reason: ReasonFacts }) {
  return (
    <p>
      <strong>What to do:</strong> <InlineText text={reason.advice} />
    </p>
  );
}

/** One reason: what it means, what to do, its codes, and the methods that send it. */
export function ReasonView({
  value,
  type,
  contract,
}: {
  value: ValueEntry;
  type: EnumEntry;
  contract: Contract;
}) {
  const { reason } = value;
  if (reason === undefined) {
    return <Heading entry={value} parent={type} />;
  }
  const code = contract.find(`google.rpc.Code.${reason.code}`);
  const senders = reason.sentBy.map((name) => contract.find(name) as ContractMember);
  return (
    <>
      <Heading entry={value} parent={type} />
      <Advice reason={reason} />
      <Facts
        facts={[
          ["REST", `HTTP status ${reason.status}`],
          [
            "gRPC, gRPC-Web",
            code?.kind === "value" && (
              <span key="grpc">
                <a href={hrefOf("reference", [code.fullName])}>{reason.code}</a> ({code.number})
              </span>
            ),
          ],
          ["Connect", <code key="connect">{reason.code.toLowerCase()}</code>],
          ["Metadata", reason.metadata.map((key) => <code key={key}>{key}</code>)],
          ["Number", value.number],
        ]}
      />
      <h3>Example over REST</h3>
      <CodeBox text={reason.example} label="Error over REST" />
      <h3>Sent by</h3>
      {senders.length === 0 ? (
        <p class="muted">No method lists it: the server answers so before it comes to a method.</p>
      ) : (
        <MemberLinks members={senders} contract={contract} />
      )}
    </>
  );
}
