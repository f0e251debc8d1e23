/** Raised if a contract cannot be read or two contracts cannot be compared. The message says what to do. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}
