/** The methods that push, by their names in the contract, with the field of the request that has what is pushed. */
export const pushedFields = {
  CreateUserPlanStatus: "planStatus",
  CreatePlanStatus: "planStatus",
  CreatePlanGroup: "planGroup",
} as const;

/** The name of a method that pushes. */
export type PushMethod = keyof typeof pushedFields;

/** Whether a method, by its name in the contract, pushes. */
export function isPushMethod(method: string): method is PushMethod {
  return Object.hasOwn(pushedFields, method);
}

/** Returns the field of the request that is the body over REST; undefined if the body is the request, as of a group. */
export function restBodyField(method: string): "planStatus" | undefined {
  const field = isPushMethod(method) ? pushedFields[method] : undefined;
  return field === "planStatus" ? field : undefined;
}

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
