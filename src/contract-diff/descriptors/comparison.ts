import type { DescEnum, DescMessage } from "@bufbuild/protobuf";
import type { Report } from "../change.ts";
import type { Contract } from "./contract.ts";

/** What every comparison of two descriptors needs. */
export type Comparison = {
  readonly old: Contract;
  readonly now: Contract;
  readonly report: Report;
  /** Returns the name that the new contract has for a type of the old one: another one if it was renamed. */
  readonly newNameOf: (typeName: string) => string;
  /** Compares a type that fields refer to, if it is not compared as part of the contract. */
  readonly visit: (type: DescMessage | DescEnum) => void;
};
