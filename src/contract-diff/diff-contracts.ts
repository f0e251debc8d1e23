import { type Change, createChangeList } from "./change.ts";
import { ContractError } from "./contract-error.ts";
import { compareContracts } from "./descriptors/compare-contracts.ts";
import type { ContractInput } from "./input/read-contract.ts";
import { compareDocuments } from "./openapi/compare-documents.ts";

/** The differences between two contracts. */
export type ContractDiff = {
  /** Changes that break users of the old contract. */
  readonly breaking: readonly Change[];
  readonly compatible: readonly Change[];
};

/**
 * Compares two contracts.
 *
 * @throws {ContractError} If one is Protobuf and the other OpenAPI, or if they have no package in common.
 */
export function diffContracts(old: ContractInput, now: ContractInput): ContractDiff {
  const { report, changes } = createChangeList();
  if (old.form === "protobuf" && now.form === "protobuf") {
    compareContracts(old.contract, now.contract, report);
  } else if (old.form === "openapi" && now.form === "openapi") {
    compareDocuments(old.document, now.document, (where, what) => report("openapi", where, undefined, what));
  } else {
    const text = ({ form }: ContractInput) => (form === "openapi" ? "an OpenAPI document" : "Protobuf");
    throw new ContractError(
      `OLD is ${text(old)} and NEW is ${text(now)}: pass two of the same form, such as two contract.binpb, which say more than two openapi.json`,
    );
  }
  return {
    breaking: changes.filter(({ breaks }) => breaks.length > 0),
    compatible: changes.filter(({ breaks }) => breaks.length === 0),
  };
}
