import { CommentView } from "../contract/comment-view.tsx";
import type { Described } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";

/** The heading of a part of the contract, with what it belongs to, and its comment. */
export function Heading({
  entry,
  kind,
  within,
}: {
  entry: Described;
  kind: string;
  /** Full names of what it belongs to, outermost first, with what they are called. */
  within: readonly (readonly [fullName: string, shown: string])[];
}) {
  return (
    <>
      <p class="crumbs muted">
        {within.map(([fullName, shown]) => (
          <span key={fullName}>
            <a href={hrefOf("reference", [fullName])}>{shown}</a> ›{" "}
          </span>
        ))}
      </p>
      <h2 tabIndex={-1}>
        {entry.name} <span class="kind">{kind}</span>
        {entry.deprecated && <span class="kind warn">deprecated</span>}
      </h2>
      <p class="full-name">
        <code>{entry.fullName}</code>
      </p>
      <div class="comment">
        <CommentView blocks={entry.comment} />
      </div>
    </>
  );
}
