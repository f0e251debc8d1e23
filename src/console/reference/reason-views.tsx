import { CommentView } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { EnumEntry, ValueEntry } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { Heading } from "./heading.tsx";

/** All reasons of errors. */
export function ReasonList({ type }: { type: EnumEntry }) {
  return (
    <>
      <Heading entry={type} kind="enum" within={[[type.package, type.package]]} />
      <dl class="members">
        {type.values.map((value) => (
          <div key={value.fullName} class="member">
            <dt>
              <a class="member-name" href={hrefOf("reference", [value.fullName])}>
                {value.name}
              </a>
              {value.reason && (
                <span class="muted">
                  {value.reason.status} · {value.reason.code}
                </span>
              )}
            </dt>
            <dd>
              <CommentView blocks={value.comment} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** One reason: what it means, its codes, and the methods that send it. */
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
  return (
    <>
      <Heading
        entry={value}
        kind="error reason"
        within={[
          [type.package, type.package],
          [type.fullName, type.name],
        ]}
      />
      <dl class="facts">
        <div>
          <dt>Number</dt>
          <dd>{value.number}</dd>
        </div>
        {reason && (
          <>
            <div>
              <dt>HTTP status</dt>
              <dd>{reason.status}</dd>
            </div>
            <div>
              <dt>gRPC code</dt>
              <dd>
                <a href={hrefOf("reference", [`google.rpc.Code.${reason.code}`])}>{reason.code}</a>
              </dd>
            </div>
            <div>
              <dt>Metadata</dt>
              <dd>
                {reason.metadata.length === 0
                  ? "none"
                  : reason.metadata.map((key) => <code key={key}>{key}</code>)}
              </dd>
            </div>
          </>
        )}
      </dl>
      {reason && (
        <>
          <h3>Sent by</h3>
          <ul>
            {reason.sentBy.map((name) => (
              <li key={name}>
                <a href={hrefOf("reference", [name])}>{contract.find(name)?.name ?? name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
