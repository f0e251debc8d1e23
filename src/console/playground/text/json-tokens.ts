/** A token of JSON, or of text that is not JSON yet: while somebody types, it never is. */
export type Token = {
  /** `word`: a number, a literal, or letters without quotes. */
  readonly kind: "string" | "word" | "{" | "}" | "[" | "]" | ":" | ",";
  readonly from: number;
  readonly to: number;
};

const tokenPattern = /"(?:[^"\\\n]|\\.)*"?|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** Returns the tokens of a text. A string without an end ends with its line. */
export function* tokensOf(text: string): Generator<Token> {
  for (const match of text.matchAll(tokenPattern)) {
    const [part] = match;
    const kind = part.startsWith('"')
      ? "string"
      : part.length === 1 && "{}[]:,".includes(part)
        ? part
        : "word";
    yield { kind: kind as Token["kind"], from: match.index, to: match.index + part.length };
  }
}

/** Returns the value of a string or the letters of a word, also if it has no end yet. */
export function textOf(text: string, token: Token): string {
  const part = text.slice(token.from, token.to);
  if (token.kind !== "string") {
    return part;
  }
  try {
    return JSON.parse(part) as string;
  } catch {
    return part.slice(1).replace(/"$/, "");
  }
}
