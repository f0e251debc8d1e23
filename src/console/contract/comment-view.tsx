import { CodeBox } from "../ui/code-box.tsx";
import { hrefOf } from "../ui/route.ts";
import type { Block, Inline } from "./document.ts";

/** Shows a comment of the contract. Names in it lead to their places in the reference. */
export function CommentView({ blocks }: { blocks: readonly Block[] }) {
  return (
    <>
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} number={index + 1} />
      ))}
    </>
  );
}

function BlockView({ block, number }: { block: Block; number: number }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <InlineText text={block.text} />
        </p>
      );
    case "list":
      return (
        <ul>
          {block.items.map((item, index) => (
            <li key={index}>
              <InlineText text={item} />
            </li>
          ))}
        </ul>
      );
    case "example":
      // Boxes that scroll are landmarks, whose names differ.
      return <CodeBox text={block.code} label={`Example in part ${number}: ${block.code.split("\n", 1)}`} />;
  }
}

/** Shows text with its code and links. */
export function InlineText({ text }: { text: readonly Inline[] }) {
  return (
    <>
      {text.map((part, index) => (
        <InlinePart key={index} part={part} />
      ))}
    </>
  );
}

function InlinePart({ part }: { part: Inline }) {
  if (typeof part === "string") {
    return <>{part}</>;
  }
  const shown = "code" in part ? <code>{part.code}</code> : part.text;
  if (part.to !== undefined) {
    return <a href={hrefOf("reference", [part.to])}>{shown}</a>;
  }
  if ("href" in part && part.href !== undefined) {
    return (
      <a href={part.href} target="_blank" rel="noreferrer">
        {shown}
      </a>
    );
  }
  return <>{shown}</>;
}
