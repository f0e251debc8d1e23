import type { DescField } from "@bufbuild/protobuf";
import { CommentView, InlineText } from "../contract/comment-view.tsx";
import { type Contract, fullNameOf } from "../contract/contract.ts";
import { hrefOf } from "../ui/route.ts";
import { presenceOf } from "./text/field-facts.ts";
import { typeText } from "./text/json-shape.ts";

/** What the contract says about a field, and about the enum value that it has. */
export function FieldCard({
  field,
  valueName,
  contract,
}: {
  field: DescField;
  valueName: string | undefined;
  contract: Contract | undefined;
}) {
  const fullName = fullNameOf(field);
  const found = contract?.find(fullName);
  const entry = found?.kind === "field" ? found : undefined;
  const value = valueName === undefined ? undefined : contract?.find(valueName);
  return (
    <div class="field-card">
      <p>
        <strong>{field.jsonName}</strong>{" "}
        <span class="muted">
          {entry ? <InlineText text={entry.type} /> : typeText(field)} ·{" "}
          {entry?.presence ?? presenceOf(field)}
          {entry?.json && ` · ${entry.json}`}
        </span>
      </p>
      {entry && <CommentView blocks={entry.comment} />}
      {entry && entry.rules.length > 0 && (
        <>
          <p class="muted">Rules</p>
          <ul>
            {entry.rules.map((rule, index) => (
              <li key={index}>
                <InlineText text={rule} />
              </li>
            ))}
          </ul>
        </>
      )}
      {value && (
        <p>
          <code>{value.name}</code>
          {value.summary && `: ${value.summary}`}
        </p>
      )}
      <p>
        <a href={hrefOf("reference", [valueName ?? fullName])}>Open in the reference</a>
      </p>
    </div>
  );
}
