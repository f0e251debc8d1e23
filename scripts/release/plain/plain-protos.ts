import type { TarEntry } from "../tar.ts";
import { type Removal, removeOptions } from "./remove-options.ts";
import { isCode, type Token, tokensOf } from "./tokens.ts";

/** Statements that define nothing. */
const headers: ReadonlySet<string | undefined> = new Set([
  "syntax",
  "edition",
  "package",
  "import",
  "option",
  ";",
]);

/**
 * Removes protovalidate from .proto files: its own files, the imports of these, its options and the extensions of its rules.
 * Files that define nothing else go too. Everything else stays, also the comments. Throws if a file uses protovalidate
 * in another way, such as a field with a type of it.
 *
 * @param files - All files of a bundle. The path of a file is its name in imports.
 */
export function plainProtos(files: readonly TarEntry[]): TarEntry[] {
  const removed = new Set(files.map(({ path }) => path).filter((path) => path.startsWith("buf/validate/")));
  const removal: Removal = {
    isRemovedName: (name) => name.startsWith("buf.validate."),
    isRemovedImport: (file) => file.startsWith("buf/validate/") || removed.has(file),
  };
  const plain = () =>
    files
      .filter(({ path }) => !removed.has(path))
      .map(({ path, contents }) => {
        const text = Buffer.from(contents).toString("utf8");
        return { path, text, rest: path.endsWith(".proto") ? removeOptions(text, removal) : text };
      });
  const empty = plain().filter(({ text, rest }) => rest !== text && isEmpty(rest) && !isEmpty(text));
  for (const { path } of empty) {
    removed.add(path);
  }
  return plain().map(({ path, rest }) => {
    const use = path.endsWith(".proto") && tokensOf(rest).find(isUse);
    if (use) {
      throw new Error(
        `${path}: ${use.text} is neither an option nor an extension of a rule, and cannot be removed`,
      );
    }
    return { path, contents: Buffer.from(rest) };
  });
}

function isUse(token: Token): boolean {
  return token.kind === "word" && /^\.?buf\.validate\./.test(token.text);
}

/** Whether a file defines nothing. */
function isEmpty(text: string): boolean {
  // Statements of files that only have a header contain no braces except in options.
  const code = tokensOf(text).filter(isCode);
  let isStart = true;
  let depth = 0;
  for (const { text: token } of code) {
    if (isStart && !headers.has(token)) {
      return false;
    }
    depth += Number(token === "{") - Number(token === "}");
    isStart = depth === 0 && token === ";";
  }
  return true;
}
