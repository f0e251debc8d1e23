/**
 * The contract with its comments, as a document that the build writes from the descriptors. Generated code has no comments,
 * and descriptors with comments are ten times as large.
 */
export type ContractDocument = {
  /** In the order in which a reader needs them. */
  readonly packages: readonly ContractPackage[];
  /** Services, messages and enums in the order of their files; nested types follow the type that they are in. */
  readonly types: readonly ContractType[];
};

export type ContractPackage = {
  /** Such as `mobiledataplansharing.v1`. */
  readonly name: string;
  /** What is in it, in a few words. */
  readonly title: string;
  /** Whether Google publishes it. */
  readonly isForeign: boolean;
};

/** Text with code and links. */
export type Inline = string | InlineCode | InlineLink;

export type InlineCode = {
  readonly code: string;
  /** Full name of what the code names, if the contract has it. */
  readonly to?: string;
};

export type InlineLink = {
  readonly text: string;
  /** Full name of what the text names; absent if `href` is present. */
  readonly to?: string;
  /** An address outside of the contract. */
  readonly href?: string;
};

/** A part of a comment. */
export type Block =
  | { readonly kind: "paragraph"; readonly text: readonly Inline[] }
  | { readonly kind: "list"; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: "example"; readonly code: string };

/** What everything in the contract has. */
export type Described = {
  /** With the package and the types around it. That of an enum value has the enum too. */
  readonly fullName: string;
  /** The full name of a type without its package, such as `Clock.Mode`; of a member, its own name. */
  readonly name: string;
  /** The first sentence of the comment, as plain text; empty without a comment. */
  readonly summary: string;
  readonly comment: readonly Block[];
  readonly deprecated?: true;
};

export type ContractType = ServiceEntry | MessageEntry | EnumEntry;
export type ContractMember = MethodEntry | FieldEntry | ValueEntry;
export type ContractEntry = ContractType | ContractMember;

export type ServiceEntry = Described & {
  readonly kind: "service";
  readonly package: string;
  /** Google's host; absent for an extension of this project. */
  readonly host?: string;
  /** OAuth scopes of its methods. */
  readonly scopes: readonly string[];
  readonly methods: readonly MethodEntry[];
};

export type MethodEntry = Described & {
  readonly kind: "method";
  /** Over REST, such as `GET /emulator/v1/clock`; the main one first. */
  readonly routes: readonly string[];
  /** Over Connect, gRPC and gRPC-Web. */
  readonly path: string;
  readonly request: MessageUse;
  readonly response: MessageUse;
  /** By HTTP status. */
  readonly errors: readonly ListedError[];
  readonly example: readonly Block[];
};

/** The message of a request or response. */
export type MessageUse = {
  readonly type: readonly Inline[];
  readonly isStream: boolean;
  /** Where a request over REST has each field: `path`, `query`, `body` or `the body`; by name of the field. */
  readonly places?: Readonly<Record<string, string>>;
};

/** Errors of a method that have the same code and HTTP status. */
export type ListedError = {
  readonly status: number;
  /** Canonical code, such as `NOT_FOUND`. */
  readonly code: string;
  /** Full names of values of ErrorReason. */
  readonly reasons: readonly string[];
};

export type MessageEntry = Described & {
  readonly kind: "message";
  readonly package: string;
  readonly fields: readonly FieldEntry[];
  /** Rules about several fields. */
  readonly rules: readonly (readonly Inline[])[];
};

export type FieldEntry = Described & {
  readonly kind: "field";
  readonly jsonName: string;
  readonly number: number;
  /** Such as `PlanModule[]`. */
  readonly type: readonly Inline[];
  /** How JSON writes a value, if the type does not say it: `string of digits`. */
  readonly json?: string;
  readonly presence: "required" | "optional" | "output only";
  /** The oneof that it belongs to. */
  readonly oneof?: string;
  readonly rules: readonly (readonly Inline[])[];
};

export type EnumEntry = Described & {
  readonly kind: "enum";
  readonly package: string;
  readonly values: readonly ValueEntry[];
};

export type ValueEntry = Described & {
  readonly kind: "value";
  readonly number: number;
  /** If it is a reason of an error. */
  readonly reason?: ReasonFacts;
};

export type ReasonFacts = {
  /** Canonical code, such as `NOT_FOUND`. */
  readonly code: string;
  readonly status: number;
  /** What a caller can do about it. */
  readonly advice: readonly Inline[];
  /** Keys of ErrorInfo.metadata. */
  readonly metadata: readonly string[];
  /** The body of such an error over REST. */
  readonly example: string;
  /** Full names of the methods that list it. */
  readonly sentBy: readonly string[];
};
