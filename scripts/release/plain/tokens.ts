/** A piece of a .proto file: every character is in exactly one token. */
export type Token = {
  /** A `word` is an identifier, a keyword or a number. A `symbol` is one character. */
  readonly kind: "space" | "comment" | "string" | "word" | "symbol";
  readonly text: string;
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
};

/** The first alternative that matches is taken. Unclosed comments and strings are symbols, which compilers reject. */
const pattern =
  /(?<space>\s+)|(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(?<word>[\w.]+)|(?<symbol>[\s\S])/g;

/** Splits a .proto file into its tokens. */
export function tokensOf(text: string): Token[] {
  return [...text.matchAll(pattern)].map(({ 0: token, index: start, groups = {} }) => {
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined) as Token["kind"];
    return { kind, text: token, start, end: start + token.length };
  });
}

/** Whether a token is neither space nor a comment. */
export function isCode({ kind }: Token): boolean {
  return kind !== "space" && kind !== "comment";
}
