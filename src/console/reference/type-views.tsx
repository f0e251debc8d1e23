import { CommentView, InlineText } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { EnumEntry, FieldEntry, Inline, MessageEntry } from "../contract/document.ts";
import { Chip } from "../ui/chip.tsx";
import { Samples } from "./examples/samples-view.tsx";
import { Heading } from "./heading.tsx";
import { Member, Notes } from "./member.tsx";
import { UsesView } from "./uses-view.tsx";

/** A message with its fields, rules and examples, and what uses it. */
export function MessageView({
  message,
  marked,
  contract,
}: {
  message: MessageEntry;
  /** Full name of the field that was asked for. */
  marked: string | undefined;
  contract: Contract;
}) {
  return (
    <>
      <Heading entry={message} />
      <h3>Fields</h3>
      <Fields message={message} marked={marked} />
      <Samples key={message.fullName} fullName={message.fullName} contract={contract} />
      <UsesView fullName={message.fullName} contract={contract} />
    </>
  );
}

/** The fields of a message and the rules about several of them. */
export function Fields({
  message,
  marked,
  places,
}: {
  message: MessageEntry;
  marked?: string | undefined;
  /** Where a request over REST has each field, by name. */
  places?: Readonly<Record<string, string>> | undefined;
}) {
  if (message.fields.length === 0) {
    return <p class="muted">It has no fields.</p>;
  }
  return (
    <>
      <dl class="reference-members">
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
  const facts = (
    <>
      <span class="reference-member-type">
        <InlineText text={field.type} />
      </span>
      {field.presence !== "optional" && (
        <Chip tone={field.presence === "required" ? "bad" : "neutral"}>{field.presence}</Chip>
      )}
    </>
  );
  return (
    <Member entry={field} facts={facts} isMarked={isMarked}>
      <CommentView blocks={field.comment} />
      <Rules rules={field.rules} />
      <Notes
        notes={[
          ["in JSON", field.json],
          ["over REST in the", place?.replace(/^the body$/, "body, as the whole of it")],
          ["one of", field.oneof && <code>{field.oneof}</code>],
          ["in the proto", field.name === field.jsonName ? undefined : <code>{field.name}</code>],
          ["number", field.number],
        ]}
      />
    </Member>
  );
}

function Rules({ rules }: { rules: readonly (readonly Inline[])[] }) {
  if (rules.length === 0) {
    return null;
  }
  return (
    <ul class="reference-rules">
      {rules.map((rule, index) => (
        <li key={index}>
          <InlineText text={rule} />
        </li>
      ))}
    </ul>
  );
}

/** An enum with its values, and what uses it. */
export function EnumView({
  type,
  marked,
  contract,
}: {
  type: EnumEntry;
  /** Full name of the value that was asked for. */
  marked: string | undefined;
  contract: Contract;
}) {
  return (
    <>
      <Heading entry={type} />
      <h3>Values</h3>
      <dl class="reference-members">
        {type.values.map((value) => (
          <Member key={value.fullName} entry={value} isMarked={marked === value.fullName}>
            <CommentView blocks={value.comment} />
            <Notes notes={[["number", value.number]]} />
          </Member>
        ))}
      </dl>
      <UsesView fullName={type.fullName} contract={contract} />
    </>
  );
}
