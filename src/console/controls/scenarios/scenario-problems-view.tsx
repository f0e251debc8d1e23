import { lineRange, type PlacedProblem } from "./scenario-problems.ts";

/** Selects a line of a text field, and scrolls it into view. */
export function showLine(area: HTMLTextAreaElement, line: number): void {
  const { start, end } = lineRange(area.value, line);
  area.focus();
  area.setSelectionRange(start, end);
  area.scrollTop = Math.max(0, line - 3) * Number.parseFloat(getComputedStyle(area).lineHeight);
  area.scrollLeft = 0;
}

type ScenarioProblemsProps = {
  name: string;
  text: string;
  problems: readonly PlacedProblem[];
  onShow: (line: number) => void;
};

/** The errors of a scenario, each with its line. */
export function ScenarioProblems({ name, text, problems, onShow }: ScenarioProblemsProps) {
  return (
    <div role="alert">
      {problems.length > 0 && (
        <div class="problem">
          <strong>
            {problems.length === 1 ? "1 error" : `${problems.length} errors`}: nothing was loaded
          </strong>
          <ul>
            {problems.map(({ line, column, path, description }) => (
              <li key={`${line} ${column} ${path} ${description}`}>
                {line !== undefined && (
                  <button type="button" class="link" onClick={() => onShow(line)}>
                    {name}:{line}:{column}
                  </button>
                )}{" "}
                {path && <code>{path}</code>} {description}
                {line !== undefined && <SourceLine text={text} line={line} />}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** A line of the text as it is, without its indentation. */
function SourceLine({ text, line }: { text: string; line: number }) {
  const { start, end } = lineRange(text, line);
  const source = text.slice(start, Math.min(end, start + 200)).trim();
  return source === "" ? null : <code class="source-line">{source}</code>;
}
