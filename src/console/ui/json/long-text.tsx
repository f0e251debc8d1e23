import { useState } from "preact/hooks";

/** Characters of a value that are shown at first, and that each press of the button adds. */
const shownLength = 2_000;

/** A text that may be long: its beginning, and a button for more. */
export function LongText({ text }: { text: string }) {
  const [length, setLength] = useState(shownLength);
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
