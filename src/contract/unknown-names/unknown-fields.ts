/**
 * What becomes of fields and enum values that the contract does not know. `refuse`: they are violations. `warn`: they are
 * reported, but do no harm. `ignore`: they are not reported.
 */
export type UnknownFields = (typeof unknownFieldsModes)[number];

export const unknownFieldsModes = ["refuse", "warn", "ignore"] as const;
