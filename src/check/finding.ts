/** A problem that a check found. Never contains a user key. */
export type Finding = {
  /** `error`: data is damaged, lost or readable by others. `warning`: harmless, but unexpected. */
  readonly severity: "error" | "warning";
  /** The affected file or record. */
  readonly place: string;
  /** The problem and, if known, what to do. */
  readonly problem: string;
};

/** Receives the findings of a check. */
export type Report = (finding: Finding) => void;
