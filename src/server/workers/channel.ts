/** Handlers of the requests that another process may send, by name. */
export type RequestHandlers = Readonly<Record<string, (value: never) => unknown>>;

/** Exchanges requests and responses with another process of this program. */
export type Channel = {
  /** Resolves with the response. Rejects if the handler fails or the other process has ended. */
  request<Result>(name: string, value?: unknown): Promise<Result>;
  /** Rejects all pending requests, because the other process has ended. */
  end(): void;
};

/** One end of an IPC channel, such as `process` or a worker of node:cluster. */
export type ChannelEnd = {
  send?: ((message: object, done: (error: Error | null) => void) => unknown) | undefined;
  on(event: "message", listener: (message: unknown) => void): unknown;
};

type Message =
  | { readonly mdps: "request"; readonly id: number; readonly name: string; readonly value: unknown }
  | { readonly mdps: "response"; readonly id: number; readonly value?: unknown; readonly error?: string };

/** Opens a channel. The other process gets an error for a request without a handler. */
export function openChannel(end: ChannelEnd, handlers: RequestHandlers): Channel {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let ended = false;

  function send(message: Message): void {
    // Without a callback, Node would emit a failed send as an unhandled `error` event. The other process has just ended, and
    // `end` rejects the pending requests.
    end.send?.(message, () => undefined);
  }

  async function respond(id: number, name: string, value: unknown): Promise<void> {
    try {
      const handle = handlers[name];
      if (handle === undefined) {
        throw new Error(`unknown request ${name}`);
      }
      send({ mdps: "response", id, value: await handle(value as never) });
    } catch (error) {
      send({ mdps: "response", id, error: (error as Error).message });
    }
  }

  end.on("message", (received) => {
    const message = received as Message;
    if (message?.mdps === "request") {
      void respond(message.id, message.name, message.value);
    } else if (message?.mdps === "response") {
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      if (message.error === undefined) {
        waiting?.resolve(message.value);
      } else {
        waiting?.reject(new Error(message.error));
      }
    }
  });

  return {
    request<Result>(name: string, value?: unknown) {
      if (ended) {
        return Promise.reject(new Error("the other process has ended"));
      }
      lastId += 1;
      const id = lastId;
      return new Promise<Result>((resolve, reject) => {
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        send({ mdps: "request", id, name, value });
      });
    },
    end() {
      ended = true;
      for (const { reject } of pending.values()) {
        reject(new Error("the other process has ended"));
      }
      pending.clear();
    },
  };
}
