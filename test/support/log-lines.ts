/** A destination of a server log that stores its lines. */
export type LogLines = {
  write(line: string): void;
  /** All lines as written. */
  readonly text: string;
  /** Returns the parsed lines of finished requests, in order. */
  requests(): Record<string, unknown>[];
  /** Resolves with the line of the request with this id as soon as it is written. */
  request(id: string): Promise<Record<string, unknown>>;
};

/** Creates an empty log destination. */
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
