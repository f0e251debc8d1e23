/** Takes the lines of a server's log, and shows them. */
export type LogLines = {
  write(line: string): void;
  /** All lines as they were written. */
  readonly text: string;
  /** The line of each request that is one of a call, in the order of their ends. */
  requests(): Record<string, unknown>[];
  /** Resolves with the line of the request with this id, when it is written. */
  request(id: string): Promise<Record<string, unknown>>;
};

/** Creates a destination of a log. */
export function createLogLines(): LogLines {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const requests = () =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line.msg === "request");
  return {
    write(line) {
      lines.push(line);
      for (const wake of waiting.splice(0)) {
        wake();
      }
    },
    get text() {
      return lines.join("");
    },
    requests,
    async request(id) {
      for (;;) {
        const found = requests().find(({ requestId }) => requestId === id);
        if (found !== undefined) {
          return found;
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}
