import { type Listener, type ListenerOptions, listen } from "../../src/server/connections/listener.ts";
import type { RejectionCause } from "../../src/server/connections/rejection.ts";
import type { HttpHandler } from "../../src/server/http-handler.ts";
import { defaultLimits, type ServerLimits } from "../../src/server/limits/server-limits.ts";

/** A listener on a free port whose requests the test answers. */
export type TestListener = Listener & {
  readonly port: number;
  /** Why connections were rejected or closed, in order. */
  readonly rejected: RejectionCause[];
  /** Resolves when this many connections are open. */
  hasConnections(count: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Answers with the body of the request. */
export const echo: HttpHandler = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => response.end(Buffer.concat(chunks)));
};

/** Starts a listener with some limits changed. */
export async function startTestListener(
  limits: Partial<ServerLimits> = {},
  {
    onRequest = echo,
    ...options
  }: Pick<ListenerOptions, "tls" | "isProxy"> & { onRequest?: HttpHandler } = {},
): Promise<TestListener> {
  const rejected: RejectionCause[] = [];
  const listener = await listen(
    {
      host: "127.0.0.1",
      port: 0,
      ...options,
      limits: { ...defaultLimits, ...limits },
      onRejected: (cause) => rejected.push(cause),
    },
    onRequest,
  );
  return {
    ...listener,
    port: Number(new URL(listener.url).port),
    rejected,
    async hasConnections(count) {
      while (listener.connections() !== count) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}
