export type { Audience, Change } from "./change.ts";
export { ContractError } from "./contract-error.ts";
export { type ContractDiff, diffContracts } from "./diff-contracts.ts";
export { type ContractInput, readContract } from "./input/read-contract.ts";
