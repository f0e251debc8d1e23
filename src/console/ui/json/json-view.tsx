import { useMemo, useRef, useState } from "preact/hooks";
import { CopyButton } from "../copy-button.tsx";
import {
  firstOpenNodes,
  type JsonLine,
  linesOf,
  type Mark,
  type OpenNodes,
  type PlacedMark,
  type PlacedMarks,
  placeMarks,
  toggled,
  withMore,
} from "./json-lines.ts";
import { LongText } from "./long-text.tsx";
import { type JsonNode, type JsonText, parseJson } from "./parse-json.ts";

const noMarks: readonly Mark[] = [];

/**
 * A JSON text, pretty-printed, with what is wrong at its lines. Every number and key is as it was written. Large objects and
 * arrays are folded: Up and Down move between those that fold, Left and Right close and open them. A text that is not JSON is
 * shown as it is.
 */
export function JsonView({
  text,
  marks = noMarks,
  label = "JSON",
}: {
  text: string;
  /** Remarks with the paths of our violations; see `findNode`. Those that fit nowhere are listed above. */
  marks?: readonly Mark[];
  /** Name of the whole, for screen readers. */
  label?: string;
}) {
  const json = useMemo(() => parseJson(text), [text]);
  const placed = useMemo(
    () => placeMarks(json.errorAt === undefined ? json : { ...json, root: undefined }, marks),
    [json, marks],
  );
  const [opened, setOpened] = useState<{ placed: PlacedMarks; open: OpenNodes }>();
  const open = useMemo(
    () => (opened?.placed === placed ? opened.open : firstOpenNodes(json, placed)),
    [json, placed, opened],
  );
  const setOpen = (next: OpenNodes) => setOpened({ placed, open: next });
  return (
    <section class="json" aria-label={label}>
      {placed.elsewhere.length > 0 && <ElsewhereMarks marks={placed.elsewhere} />}
      <div class="json-copy">
        <CopyButton text={text} name={`Copy: ${label}`} />
      </div>
      {json.errorAt === undefined ? (
        <JsonLines json={json} placed={placed} open={open} setOpen={setOpen} />
      ) : (
        <div class="json-lines">
          <LongText key={text} text={text} />
        </div>
      )}
    </section>
  );
}

function ElsewhereMarks({ marks }: { marks: readonly Mark[] }) {
  return (
    <ul class="json-elsewhere">
      {marks.map(({ path, description }) => (
        <li key={`${path} ${description}`}>
          {path && <code>{path}</code>} {description}
        </li>
      ))}
    </ul>
  );
}

function JsonLines({
  json,
  placed,
  open,
  setOpen,
}: {
  json: JsonText;
  placed: PlacedMarks;
  open: OpenNodes;
  setOpen: (open: OpenNodes) => void;
}) {
  const lines = linesOf(json, open, placed);
  // One stop for Tab: the arrows go on from it.
  const [stop, setStop] = useState<JsonNode | undefined>(json.root);
  const box = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const toggles = [...(box.current?.querySelectorAll<HTMLElement>(".json-toggle") ?? [])];
    const at = toggles.indexOf(event.target as HTMLElement);
    const isOpen = toggles[at]?.getAttribute("aria-expanded") === "true";
    if (at < 0) {
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      toggles[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    } else if ((event.key === "ArrowRight" && !isOpen) || (event.key === "ArrowLeft" && isOpen)) {
      toggles[at]?.click();
    } else {
      return;
    }
    event.preventDefault();
  };
  const firstStop = stop !== undefined && lines.some(({ node }) => node === stop) ? stop : json.root;
  return (
    <div class="json-lines" ref={box}>
      {lines.map((line) =>
        line.kind === "gap" ? (
          <div key={keyOfLine(line)} class="json-line" style={indent(line)}>
            <button type="button" class="link" onClick={() => setOpen(withMore(open, line.node, line.from))}>
              {`… ${line.count} more`}
            </button>
          </div>
        ) : (
          <ValueLine
            key={keyOfLine(line)}
            text={json.text}
            line={line}
            placed={placed}
            isStop={line.node === firstStop}
            onToggle={() => setOpen(toggled(open, line.node))}
            onFocus={() => setStop(line.node)}
            onKeyDown={onKeyDown}
          />
        ),
      )}
    </div>
  );
}

function ValueLine({
  text,
  line,
  placed,
  isStop,
  onToggle,
  onFocus,
  onKeyDown,
}: {
  text: string;
  line: Exclude<JsonLine, { kind: "gap" }>;
  placed: PlacedMarks;
  isStop: boolean;
  onToggle: () => void;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { node } = line;
  const marks = (line.kind === "value" && placed.at.get(node)) || [];
  const key = node.keyStart === undefined ? undefined : text.slice(node.keyStart, node.keyEnd);
  const [opener, closer] = node.kind === "object" ? "{}" : "[]";
  const comma = line.isLast ? "" : ",";
  if (line.kind === "end") {
    return <div class="json-line" style={indent(line)}>{`${closer}${comma}`}</div>;
  }
  const count = node.children.length;
  const inside = line.isOpen ? 0 : (placed.inside.get(node)?.count ?? 0);
  return (
    <div class={marks.length > 0 ? "json-line marked" : "json-line"} style={indent(line)}>
      {count > 0 && (
        <button
          type="button"
          class="json-toggle"
          aria-expanded={line.isOpen}
          aria-label={key ?? (node.kind === "object" ? "object" : "array")}
          tabIndex={isStop ? 0 : -1}
          onClick={onToggle}
          onFocus={onFocus}
          onKeyDown={onKeyDown}
        />
      )}
      {key !== undefined && (
        <>
          <span class="json-key">{key}</span>
          {": "}
        </>
      )}
      {node.children.length === 0 ? <Leaf text={text} node={node} /> : opener}
      {count > 0 && !line.isOpen && (
        <>
          <span class="muted">{` ${count} ${count === 1 ? "value" : "values"} `}</span>
          {closer}
        </>
      )}
      {(count === 0 || !line.isOpen) && comma}
      {inside > 0 && (
        <span class="json-inside">{` ${inside} ${inside === 1 ? "problem" : "problems"} inside`}</span>
      )}
      {marks.map((mark) => (
        <MarkLine key={`${mark.path} ${mark.description}`} mark={mark} />
      ))}
    </div>
  );
}

/** A value without children. Empty objects and arrays have no white space of the text. */
function Leaf({ text, node }: { text: string; node: JsonNode }) {
  if (node.kind === "object" || node.kind === "array") {
    return <>{node.kind === "object" ? "{}" : "[]"}</>;
  }
  return (
    <span class={`json-${node.kind}`}>
      <LongText text={text.slice(node.start, node.end)} />
    </span>
  );
}

function MarkLine({ mark }: { mark: PlacedMark }) {
  return (
    <div class="json-mark" role="note">
      {mark.rest && <code>{mark.rest}</code>} {mark.description}
    </div>
  );
}

const maxIndent = 24;

function indent({ depth }: JsonLine) {
  return { paddingInlineStart: `${20 + 16 * Math.min(depth, maxIndent)}px` };
}

function keyOfLine({ kind, node, ...line }: JsonLine): string {
  return `${kind} ${node.start} ${"from" in line ? line.from : ""}`;
}
