/** Something that a check has found. It never has a user key. */
export type Finding = {
  /** `error`: something is damaged, lost or open to others. `warning`: nothing is, but somebody should look. */
  readonly severity: "error" | "warning";
  /** The file or the record that it is about. */
  readonly place: string;
  /** What is wrong, and what to do where that is known. */
  readonly problem: string;
};

/** Takes what a check finds. */
export type Report = (finding: Finding) => void;
