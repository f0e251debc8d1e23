import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";
import type { ContractDocument, ContractEntry, ContractMember, ContractType } from "./document.ts";

/** The contract, by full names. */
export type Contract = {
  readonly document: ContractDocument;
  /**
   * Returns what has a full name, such as `mobiledataplansharing.v1.PlanModule.byte_balance`. That of an enum value has the
   * enum: `mobiledataplansharing.v1.PlanState.ACTIVE`.
   */
  find(fullName: string): ContractEntry | undefined;
  /** Returns the service, message or enum that a member belongs to. */
  parentOf(member: ContractMember): ContractType;
};

/** Creates the index of a document. */
export function createContract(document: ContractDocument): Contract {
  const entries = new Map<string, ContractEntry>();
  const parents = new Map<ContractMember, ContractType>();
  for (const type of document.types) {
    entries.set(type.fullName, type);
    for (const member of membersOf(type)) {
      entries.set(member.fullName, member);
      parents.set(member, type);
    }
  }
  return {
    document,
    find: (fullName) => entries.get(fullName),
    parentOf: (member) => parents.get(member) as ContractType,
  };
}

/** Returns the methods, fields or values of a type. */
export function membersOf(type: ContractType): readonly ContractMember[] {
  switch (type.kind) {
    case "service":
      return type.methods;
    case "message":
      return type.fields;
    case "enum":
      return type.values;
  }
}

/** Returns the full name of what a descriptor of generated code describes, for `Contract.find`. */
export function fullNameOf(
  desc: DescField | DescMethod | DescEnumValue | DescMessage | DescEnum | DescService,
): string {
  switch (desc.kind) {
    case "field":
    case "rpc":
    case "enum_value":
      return `${desc.parent.typeName}.${desc.name}`;
    default:
      return desc.typeName;
  }
}
