import { useRef } from "preact/hooks";
import { examples } from "../../examples/index.ts";

/** The examples of the API to start with. */
export function TemplateMenu({ onChoose }: { onChoose: (name: string) => void }) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (details.current?.open) {
      details.current.open = false;
      details.current.querySelector("summary")?.focus();
    }
  };
  const choose = (name: string) => {
    close();
    onChoose(name);
  };
  return (
    <details
      class="templates"
      ref={details}
      onKeyDown={(event) => event.key === "Escape" && close()}
      onFocusOut={(event) => {
        if (details.current && !details.current.contains(event.relatedTarget as Node | null)) {
          details.current.open = false;
        }
      }}
    >
      <summary>Templates</summary>
      <ul>
        {examples.map(({ name, summary, kind }) => (
          <li key={name}>
            <button type="button" class="template" onClick={() => choose(name)}>
              <strong>{name}</strong>
              <span class="muted">
                {summary}
                {kind === "planGroup" && " (plan group)"}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
