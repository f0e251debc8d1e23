import { create } from "@bufbuild/protobuf";
import { type ContractRules, createContractRules } from "../../plans/contract-rules.ts";
import { contractServices } from "../../services/routes.ts";

let warm: ContractRules | undefined;

/** Returns the rules of the contract with those of every request compiled, once per process: no caller waits for it. */
export function warmRules(): ContractRules {
  if (warm === undefined) {
    warm = createContractRules();
    for (const { input } of contractServices.flatMap(({ methods }) => methods)) {
      warm(input, create(input));
    }
  }
  return warm;
}
