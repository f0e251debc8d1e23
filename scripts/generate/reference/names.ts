import type {
  DescEnum,
  DescEnumValue,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";

/** A type or service of the contract. */
export type Subject = DescMessage | DescEnum | DescService;

/** What a comment can name. */
export type Named = Subject | DescMethod | DescEnumValue;

/** Finds what the comments of the contract name. */
export type Names = {
  /** Returns what a code span names, such as `PlanStatus` or `PlanStatus.plans`. */
  inCode(name: string): Named | undefined;
  /** Returns what a word outside of code names. Names of messages are words: YouTube is also a company. */
  inText(word: string): Named | undefined;
  /** Returns the value of an enum. */
  constant(name: string): DescEnumValue | undefined;
};

/** The name of a type as headings have it: without its package. */
export function headingOf({ typeName, file }: Subject): string {
  const name = file.proto.package;
  return typeName.slice(name === "" ? 0 : name.length + 1);
}

/** Returns all messages and enums of a file, nested ones too, in the order of the file. */
export function typesOf(file: DescFile): (DescMessage | DescEnum)[] {
  const nested = (message: DescMessage): (DescMessage | DescEnum)[] => [
    message,
    ...message.nestedEnums,
    // The entries of a map are a type that no source names.
    ...message.nestedMessages.filter(({ proto }) => !proto.options?.mapEntry).flatMap(nested),
  ];
  return [...file.messages.flatMap(nested), ...file.enums];
}

/** Returns files with those first that others extend: packages with shorter names. */
export function inReadingOrder(files: readonly DescFile[]): DescFile[] {
  const orderOf = ({ name, proto }: DescFile) => `${proto.package.split(".").length} ${name}`;
  return files.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b), "en"));
}

/** Collects the names of some files. */
export function createNames(files: readonly DescFile[]): Names {
  const short = new Map<string, Named>();
  const methods = new Map<string, DescMethod>();
  const constants = new Map<string, DescEnumValue>();
  for (const subject of files.flatMap((file) => [...file.services, ...typesOf(file)])) {
    short.set(headingOf(subject), subject);
    for (const rpc of subject.kind === "service" ? subject.methods : []) {
      short.set(`${headingOf(subject)}.${rpc.name}`, rpc);
      methods.set(rpc.name, rpc);
    }
    for (const value of subject.kind === "enum" ? subject.values : []) {
      constants.set(value.name, value);
    }
  }
  return {
    inCode: (name) =>
      short.get(name) ?? methods.get(name) ?? short.get(name.split(".")[0] ?? "") ?? constants.get(name),
    inText: (word) => methods.get(word) ?? constants.get(word),
    constant: (name) => constants.get(name),
  };
}
