import type { PlacedViolation } from "./place-violations.ts";

/** What is wrong with the draft. A violation leads to its place. */
export function ViolationList({
  violations,
  isUncheckable,
  lineOf,
  onOpen,
}: {
  violations: readonly PlacedViolation[] | undefined;
  /** Whether the rules could not be loaded. */
  isUncheckable: boolean;
  /** Returns the number of the line that has an offset. */
  lineOf: (offset: number) => number;
  onOpen: (violation: PlacedViolation) => void;
}) {
  const count = isUncheckable ? undefined : violations?.length;
  return (
    <section class="violations" aria-labelledby="violations-title">
      <h2 id="violations-title" aria-live="polite">
        {isUncheckable ? "Not checked: the emulator does not answer" : titleOf(count)}
      </h2>
      {count !== undefined && count > 0 && (
        <ol>
          {violations?.map((violation) => (
            <li class="violation" key={`${violation.field} ${violation.description}`}>
              <button type="button" class="violation-link" onClick={() => onOpen(violation)}>
                <span class="muted">
                  {violation.place ? `Line ${lineOf(violation.place.from)}` : "Request"}
                </span>
                <span>
                  <code>{violation.field}</code> {violation.description}
                </span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function titleOf(count: number | undefined): string {
  switch (count) {
    case undefined:
      return "Checking…";
    case 0:
      return "Valid: the emulator accepts it";
    default:
      return `${count} ${count === 1 ? "violation" : "violations"}`;
  }
}
