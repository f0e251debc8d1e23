import { connect, type Socket } from "node:net";

/** Connects to a port of this machine and ignores all errors, which misbehaving clients cause on purpose. */
export function openRaw(port: number, options: { reads?: boolean } = {}): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  if (options.reads !== false) {
    socket.resume();
  }
  return socket;
}

/** Resolves when either side has closed or reset a connection. */
export function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed || socket.readableEnded) {
      resolve();
      return;
    }
    socket.once("end", resolve);
    socket.once("close", resolve);
  });
}
