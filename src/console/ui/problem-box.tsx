type ShownProblem = {
  readonly message: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
};

/** Whether the message is only the text of the one violation, as it is if a single field is wrong. */
function isSaidByViolations({ message, violations }: ShownProblem): boolean {
  const [only, ...others] = violations;
  return (
    only !== undefined &&
    others.length === 0 &&
    // The first is of the console, the second of the emulator.
    [`${only.field} ${only.description}`, `${only.field}: ${only.description}`].includes(message)
  );
}

/** Shows why something failed: the message, and what is wrong with which field. Screen readers say it at once. */
export function ProblemBox({
  problem,
  title,
}: {
  /** Nothing is shown without one. See `problemOf`. */
  problem: ShownProblem | undefined;
  /** What failed, such as "The fault was not created". */
  title?: string;
}) {
  return (
    <div role="alert">
      {problem && (
        <div class="problem">
          {title && <strong>{title}</strong>}
          {!isSaidByViolations(problem) && <p>{problem.message}</p>}
          {problem.violations.length > 0 && (
            <ul>
              {problem.violations.map(({ field, description }) => (
                <li key={`${field} ${description}`}>
                  {field && <code>{field}</code>} {description}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}
