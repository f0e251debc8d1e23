/** Questions that one process answers to another, by name. */
export type Answers = Readonly<Record<string, (value: never) => unknown>>;

/** Asks another process of this program, and is asked by it. */
export type Channel = {
  /** Resolves with the answer. Rejects if the other process fails at it or is gone. */
  ask<Result>(question: string, value?: unknown): Promise<Result>;
  /** Ends all that is asked: the other process is gone. */
  end(): void;
};

/** The end of an IPC channel, as `process` and the workers of node:cluster have one. */
export type ChannelEnd = {
  send?: ((message: object, done: (error: Error | null) => void) => unknown) | undefined;
  on(event: "message", listener: (message: unknown) => void): unknown;
};

type Message =
  | { readonly mdps: "question"; readonly id: number; readonly question: string; readonly value: unknown }
  | { readonly mdps: "answer"; readonly id: number; readonly value?: unknown; readonly error?: string };

/** Opens a channel. What is asked for by a name that `answers` does not have is an error to the other side. */
export function openChannel(end: ChannelEnd, answers: Answers): Channel {
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let ended = false;

  function send(message: Message): void {
    // With a callback, an error does not become an `error` event: the other process has just ended, and `end` reports it.
    end.send?.(message, () => undefined);
  }

  async function answer(id: number, question: string, value: unknown): Promise<void> {
    try {
      const find = answers[question];
      if (find === undefined) {
        throw new Error(`there is no answer to ${question}`);
      }
      send({ mdps: "answer", id, value: await find(value as never) });
    } catch (error) {
      send({ mdps: "answer", id, error: (error as Error).message });
    }
  }

  end.on("message", (received) => {
    const message = received as Message;
    if (message?.mdps === "question") {
      void answer(message.id, message.question, message.value);
    } else if (message?.mdps === "answer") {
      const waiting = asked.get(message.id);
      asked.delete(message.id);
      if (message.error === undefined) {
        waiting?.resolve(message.value);
      } else {
        waiting?.reject(new Error(message.error));
      }
    }
  });

  return {
    ask<Result>(question: string, value?: unknown) {
      if (ended) {
        return Promise.reject(new Error("the other process has ended"));
      }
      lastId += 1;
      const id = lastId;
      return new Promise<Result>((resolve, reject) => {
        asked.set(id, { resolve: resolve as (value: unknown) => void, reject });
        send({ mdps: "question", id, question, value });
      });
    },
    end() {
      ended = true;
      for (const { reject } of asked.values()) {
        reject(new Error("the other process has ended"));
      }
      asked.clear();
    },
  };
}
