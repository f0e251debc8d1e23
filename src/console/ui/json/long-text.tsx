import { useState } from "preact/hooks";

/** A text that may be long: so many characters of it, and a button for ten times as many. */
export function LongText({ text, atFirst = 2_000 }: { text: string; atFirst?: number }) {
  const [length, setLength] = useState(atFirst);
  if (text.length <= length) {
    return <>{text}</>;
  }
  return (
    <>
      {text.slice(0, length)}
      <button type="button" class="link" onClick={() => setLength(10 * length)}>
        {`… ${(text.length - length).toLocaleString("en")} more characters`}
      </button>
    </>
  );
}
