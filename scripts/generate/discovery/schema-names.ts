import type { DescFile, DescMessage } from "@bufbuild/protobuf";

/** Names the schema of a message. */
export type SchemaNames = (message: DescMessage) => string;

/**
 * Names are short, as in Google's documents: `Money` for google.type.Money, `BookLabel` for the message Label in Book.
 * Where one of the files has the name already, or another import, an imported message goes by its full name,
 * `GoogleTypeMoney`.
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
    const isForeign = !files.includes(message.file);
    const name = isForeign && (own.has(short) || taken.has(short)) ? fullName(message) : short;
    const other = taken.get(name);
    if (other !== undefined) {
      throw new Error(`schema name ${name}: taken by ${other} and ${message}`);
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
