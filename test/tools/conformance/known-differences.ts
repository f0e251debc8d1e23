/** Cases whose answer differs from what connectconformance expects, on purpose. */
export type KnownDifference = {
  /** Matches the names of the cases. */
  readonly cases: RegExp;
  /** Matches every line that connectconformance writes about such a case. A case with any other line has failed. */
  readonly remarks: RegExp;
  readonly reason: string;
  /**
   * Whether the client may see its own deadline before the answer: then the case passes. It counts as passed either way, and
   * need not occur.
   */
  readonly isRace?: true;
};

/** Remarks about details that the suite does not expect. Its JSON reader does not know types of google.rpc either. */
const moreDetails =
  /actual error contain 1 details; expecting 0$|could not check debug data because message type "google\.rpc\.ErrorInfo" could not be resolved/;

/**
 * The known differences. Each must match a case that fails. How many cases it matches is in docs/compatibility.md, so a
 * case that passes or fails for the first time fails the suite.
 */
export const knownDifferences: readonly KnownDifference[] = [
  {
    cases: /^Server Message Size\/.*\/(unary|server-stream)\/request-exceeds-server-limit$/,
    remarks: moreDetails,
    reason: "the error has a google.rpc.ErrorInfo with the reason REQUEST_TOO_LARGE",
  },
  {
    cases: /^Timeouts\/.*\/unary$/,
    remarks: moreDetails,
    reason: "the error has a google.rpc.ErrorInfo with the reason DEADLINE_PASSED",
    isRace: true,
  },
];
