/** Shows why something failed: the message, and what is wrong with which field. Screen readers say it at once. */
export function ProblemBox({
  problem,
  title,
}: {
  /** Nothing is shown without one. See `problemOf`. */
  problem:
    | {
        readonly message: string;
        readonly violations: readonly { readonly field: string; readonly description: string }[];
      }
    | undefined;
  /** What failed, such as "The fault was not created". */
  title?: string;
}) {
  return (
    <div role="alert">
      {problem && (
        <div class="problem">
          {title && <strong>{title}</strong>}
          <p>{problem.message}</p>
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
