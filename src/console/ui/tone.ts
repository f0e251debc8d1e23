/** How good something is, as its colour shows it. */
export type Tone = "good" | "warn" | "bad" | "neutral";
