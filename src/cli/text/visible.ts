/**
 * Characters that a terminal or a browser obeys or does not show: controls, marks of direction, joiners, separators of
 * lines, and blanks that look like a space.
 */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** Returns a text with invisible characters as the escapes of JavaScript, such as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => `\\u{${codeOf(character).toString(16)}}`);
}

/** Returns JSON with invisible characters escaped. Line feeds between its members stay. */
export function visibleJson(json: string): string {
  return json.replace(invisible, (character) =>
    character === "\n"
      ? character
      : Array.from({ length: character.length }, (_, index) => unitText(character.charCodeAt(index))).join(
          "",
        ),
  );
}

/** Returns a message with its lines, whose other invisible characters are escaped. */
export function visibleLines(message: string): string {
  return message.split("\n").map(visible).join("\n");
}

const codeOf = (character: string) => character.codePointAt(0) ?? 0;

const unitText = (unit: number) => `\\u${unit.toString(16).padStart(4, "0")}`;
