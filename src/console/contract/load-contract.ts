import { type Contract, createContract } from "./contract.ts";
import type { ContractDocument } from "./document.ts";

let loading: Promise<Contract> | undefined;

/** Loads the contract with its comments, once. Rejects if the emulator does not answer; the next call tries again. */
export function loadContract(): Promise<Contract> {
  loading ??= fetchContract().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function fetchContract(): Promise<Contract> {
  const response = await fetch("/console/contract.json");
  if (!response.ok) {
    throw new Error(`the contract was not sent: ${response.status} ${await response.text()}`);
  }
  return createContract((await response.json()) as ContractDocument);
}
