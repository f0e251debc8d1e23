import { useEffect, useState } from "preact/hooks";
import { copyText } from "./copy-text.ts";

const shownMs = 2_000;

/** A button that copies a text, or what a function returns when it is pressed, and says so. */
export function CopyButton({
  text,
  label = "Copy",
  name,
}: {
  text: string | (() => string);
  label?: string;
  /** What is copied, for screen readers: `Copy the request`. Defaults to the label. */
  name?: string;
}) {
  const [outcome, setOutcome] = useState<string>();
  useEffect(() => {
    if (outcome !== undefined) {
      const timer = setTimeout(() => setOutcome(undefined), shownMs);
      return () => clearTimeout(timer);
    }
  }, [outcome]);
  const copy = async () => {
    const isCopied = await copyText(typeof text === "string" ? text : text());
    setOutcome(isCopied ? "Copied" : "Not copied: select the text instead");
  };
  return (
    <span class="copy">
      <button type="button" aria-label={name} onClick={copy}>
        {label}
      </button>
      <span class="copy-outcome" role="status">
        {outcome}
      </span>
    </span>
  );
}
