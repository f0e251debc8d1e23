import type { DescFile, DescMessage } from "@bufbuild/protobuf";

/** Returns the name of a message's schema. */
export type SchemaNames = (message: DescMessage) => string;

/**
 * Creates names that are short, as in Google's documents: `Money` for google.type.Money, `BookLabel` for the message
 * Label in Book. An imported message gets its full name, `GoogleTypeMoney`, if its short name is taken.
 */
export function createSchemaNames(files: readonly DescFile[]): SchemaNames {
  const own = new Set(files.flatMap(({ messages }) => withNested(messages)).map(shortName));
  const nameOf = new Map<DescMessage, string>();
  const taken = new Map<string, DescMessage>();
  return (message) => {
    const known = nameOf.get(message);
    if (known !== undefined) {
      return known;
    }
    const short = shortName(message);
    const isImported = !files.includes(message.file);
    const name = isImported && (own.has(short) || taken.has(short)) ? fullName(message) : short;
    const other = taken.get(name);
    if (other !== undefined) {
      throw new Error(`schema name ${name} is used by both ${other} and ${message}`);
    }
    nameOf.set(message, name);
    taken.set(name, message);
    return name;
  };
}

function withNested(messages: readonly DescMessage[]): DescMessage[] {
  return messages.flatMap((message) => [message, ...withNested(message.nestedMessages)]);
}

function shortName({ typeName, file }: DescMessage): string {
  return joined(typeName.slice(file.proto.package.length).split("."));
}

function fullName({ typeName }: DescMessage): string {
  return joined(typeName.split("."));
}

function joined(words: readonly string[]): string {
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
