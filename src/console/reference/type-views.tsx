import { CommentView, InlineText } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { EnumEntry, FieldEntry, MessageEntry } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { Heading } from "./heading.tsx";
import { Samples } from "./samples-view.tsx";
import { UsesView } from "./uses-view.tsx";

type Marked = { readonly marked: string | undefined };

/** A message with its fields, rules and examples, and what uses it. */
export function MessageView({
  message,
  marked,
  contract,
}: { message: MessageEntry; contract: Contract } & Marked) {
  return (
    <>
      <Heading entry={message} kind="message" within={[[message.package, message.package]]} />
      <h3>Fields</h3>
      <Fields message={message} marked={marked} />
      <Samples fullName={message.fullName} contract={contract} />
      <UsesView fullName={message.fullName} contract={contract} />
    </>
  );
}

/** The fields of a message and the rules about several of them. */
export function Fields({
  message,
  marked,
  places,
}: { message: MessageEntry; places?: Readonly<Record<string, string>> | undefined } & Partial<Marked>) {
  if (message.fields.length === 0) {
    return <p class="muted">It has no fields.</p>;
  }
  return (
    <>
      <dl class="members">
        {message.fields.map((field) => (
          <FieldView
            key={field.fullName}
            field={field}
            isMarked={marked === field.fullName}
            place={places?.[field.name]}
          />
        ))}
      </dl>
      {message.rules.length > 0 && (
        <>
          <p>Rules about several fields:</p>
          <ul>
            {message.rules.map((rule, index) => (
              <li key={index}>
                <InlineText text={rule} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function FieldView({
  field,
  isMarked,
  place,
}: {
  field: FieldEntry;
  isMarked: boolean;
  place: string | undefined;
}) {
  const notes = [
    field.name !== field.jsonName && ["in the proto", <code>{field.name}</code>],
    ["number", field.number],
    field.oneof && ["one of", <code>{field.oneof}</code>],
    field.json && ["in JSON", field.json],
    place && ["over REST", place],
  ].filter((note) => note !== false && note !== undefined && note !== "");
  return (
    <div class={isMarked ? "member marked" : "member"}>
      <dt>
        <a class="member-name" href={hrefOf("reference", [field.fullName])}>
          {field.jsonName}
        </a>
        <span class="member-type">
          <InlineText text={field.type} />
        </span>
        {field.presence !== "optional" && <span class="kind">{field.presence}</span>}
        {field.deprecated && <span class="kind warn">deprecated</span>}
      </dt>
      <dd>
        <CommentView blocks={field.comment} />
        {field.rules.length > 0 && (
          <ul class="rules">
            {field.rules.map((rule, index) => (
              <li key={index}>
                <InlineText text={rule} />
              </li>
            ))}
          </ul>
        )}
        <p class="notes muted">
          {(notes as [string, preact.ComponentChild][]).map(([label, value]) => (
            <span key={label}>
              {label} {value}
            </span>
          ))}
        </p>
      </dd>
    </div>
  );
}

/** An enum with its values, and what uses it. */
export function EnumView({ type, marked, contract }: { type: EnumEntry; contract: Contract } & Marked) {
  return (
    <>
      <Heading entry={type} kind="enum" within={[[type.package, type.package]]} />
      <h3>Values</h3>
      <dl class="members">
        {type.values.map((value) => (
          <div key={value.fullName} class={marked === value.fullName ? "member marked" : "member"}>
            <dt>
              <a class="member-name" href={hrefOf("reference", [value.fullName])}>
                {value.name}
              </a>
              {value.deprecated && <span class="kind warn">deprecated</span>}
            </dt>
            <dd>
              <CommentView blocks={value.comment} />
              <p class="notes muted">
                <span>number {value.number}</span>
              </p>
            </dd>
          </div>
        ))}
      </dl>
      <UsesView fullName={type.fullName} contract={contract} />
    </>
  );
}
