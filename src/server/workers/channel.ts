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

/**
 * Opens a channel. `handlers` answer the requests of the other process by name; it gets an error for a request without
 * a handler.
 */
export function openChannel(
  end: ChannelEnd,
  handlers: Readonly<Record<string, (value: never) => unknown>>,
): Channel {
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let ended = false;

  function send(message: Message): void {
    // Without a callback, a failed send would be an unhandled `error` event. It fails once the other process has ended,
    // and then `end` rejects the pending requests.
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
      const response = Promise.withResolvers<unknown>();
      pending.set(lastId, response);
      send({ mdps: "request", id: lastId, name, value });
      return response.promise as Promise<Result>;
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
