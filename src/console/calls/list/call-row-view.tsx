import { Chip } from "../../ui/chip.tsx";
import { goTo } from "../../ui/route.ts";
import { type CallRow, dateText, durationText, outcomeOf, timeText } from "../feed/call-row.ts";

/** The columns, in the order of the page. */
export const columns = [
  { name: "time", label: "Time (UTC)" },
  { name: "outcome", label: "Outcome" },
  { name: "method", label: "Method" },
  { name: "user", label: "User key" },
  { name: "operator", label: "Operator" },
  { name: "client", label: "Client" },
  { name: "protocol", label: "Protocol" },
  { name: "duration", label: "Duration" },
  { name: "fault", label: "Injected" },
] as const;

type RowProps = {
  row: CallRow;
  /** Place in the list; the newest call is at 0. */
  place: number;
  /** In pixels, if it is not where the rows before it end. A style of its own makes a row slow to draw. */
  top: number | undefined;
  isOpened: boolean;
  /** Whether Tab goes to this row. */
  isStop: boolean;
  href: string;
  onFocus: () => void;
};

/** A call in the list. */
export function Row({ row, place, top, isOpened, isStop, href, onFocus }: RowProps) {
  const outcome = outcomeOf(row);
  const open = (event: MouseEvent | KeyboardEvent) => {
    // The browser follows links itself, also in another tab.
    if (!(event.target instanceof HTMLAnchorElement)) {
      goTo(href);
    }
  };
  const texts = {
    method: row.method,
    user: row.userKey,
    operator: row.operator,
    client: row.clientId,
    protocol: row.protocol,
    duration: durationText(row.durationMs),
    fault: row.fault,
  };
  return (
    <tr
      class="call"
      data-tone={outcome.tone}
      style={top === undefined ? undefined : { top: `${top}px`, position: "absolute" }}
      aria-rowindex={place + 2}
      aria-selected={isOpened}
      data-number={row.number}
      tabIndex={isStop ? 0 : -1}
      onClick={open}
      onKeyDown={(event) => event.key === "Enter" && open(event)}
      onFocus={onFocus}
    >
      <td
        class="time"
        aria-colindex={1}
        title={`${dateText(row.receivedAtMs)} ${timeText(row.receivedAtMs)} UTC`}
      >
        <a href={href} tabIndex={-1}>
          {timeText(row.receivedAtMs)}
        </a>
      </td>
      <td class="outcome" aria-colindex={2} title={outcome.text}>
        <Chip tone={outcome.tone}>{outcome.status}</Chip> {outcome.text}
      </td>
      {columns.slice(2).map(({ name }, index) => (
        <td key={name} class={name} aria-colindex={index + 3} title={texts[name as keyof typeof texts]}>
          {texts[name as keyof typeof texts]}
        </td>
      ))}
    </tr>
  );
}
