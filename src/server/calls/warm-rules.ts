import { create } from "@bufbuild/protobuf";
import { type ContractRules, createContractRules } from "../../plans/contract-rules.ts";
import { contractServices } from "../../services/routes.ts";

/** Creates the rules of the contract and compiles those of every request, so that no caller waits for it. */
export function createWarmRules(): ContractRules {
  const rules = createContractRules();
  for (const { input } of contractServices.flatMap(({ methods }) => methods)) {
    rules(input, create(input));
  }
  return rules;
}
