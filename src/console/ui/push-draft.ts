/** The methods that push, by their names in the contract. */
export type PushMethod = "CreateUserPlanStatus" | "CreatePlanStatus" | "CreatePlanGroup";

/** A push that the playground edits. Nothing of it needs to be valid. */
export type Draft = {
  readonly method: PushMethod;
  /** ASN in decimal, such as `65001`. */
  readonly operator: string;
  /** Client of CreateUserPlanStatus, such as `mobiledataplan`; empty for the other methods. */
  readonly clientId: string;
  /** User key, or the id of a plan group. */
  readonly userKey: string;
  /** The PlanStatus or PlanGroup as JSON. */
  readonly text: string;
};
