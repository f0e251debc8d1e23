/** One violation: a field of a request, and what was expected of its value. */
export type FieldViolation = {
  /** Path of the field in the caller's spelling, such as `planStatus.plans[0].planId`. */
  readonly field: string;
  /** What was expected. */
  readonly description: string;
};
