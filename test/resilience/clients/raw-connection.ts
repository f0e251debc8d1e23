import { connect, type Socket } from "node:net";

/** Connects to a port of this machine and forgets all errors: those of a bad client are no news. */
export function openRaw(port: number, options: { reads?: boolean } = {}): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  if (options.reads !== false) {
    socket.resume();
  }
  return socket;
}

/** Resolves when a connection has ended: by the other side's end, a reset, or here. */
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
