import { connect, type Socket } from "node:net";

/** A TCP connection on which a test writes bytes as it likes. */
export type RawSocket = {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  /** Resolves with everything received so far, once it matches. Rejects if the connection ends before. */
  received(pattern: RegExp): Promise<string>;
  /** Resolves with everything received when the other side has closed the connection. */
  closed(): Promise<string>;
  destroy(): void;
};

/** Opens a TCP connection to a port of this machine, from another of its addresses if given. */
export async function openSocket(port: number, localAddress = "127.0.0.1"): Promise<RawSocket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return rawSocket(socket);
}

/** Wraps a connection that is open, such as one of TLS. */
export function rawSocket(socket: Socket): RawSocket {
  let text = "";
  let ended = false;
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watch of [...watchers]) {
      watch();
    }
  };
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    tell();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    tell();
  });
  socket.on("end", () => socket.end());

  const until = (done: () => boolean, failed: () => boolean) =>
    new Promise<string>((resolve, reject) => {
      const watch = () => {
        if (done()) {
          watchers.delete(watch);
          resolve(text);
        } else if (failed()) {
          watchers.delete(watch);
          reject(new Error(`the connection ended after: ${JSON.stringify(text)}`));
        }
      };
      watchers.add(watch);
      watch();
    });

  return {
    socket,
    write: (data) => socket.write(data),
    received: (pattern) =>
      until(
        () => pattern.test(text),
        () => ended,
      ),
    closed: () =>
      until(
        () => ended,
        () => false,
      ),
    destroy: () => socket.destroy(),
  };
}
