import type { Socket } from "node:net";

/** RFC 9113 3.4: what every HTTP/2 client sends first. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Says whether a connection begins as HTTP/2, and leaves all its bytes to be read. Says nothing if it ends first. */
export function sniff(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const stop = () => {
    socket.off("data", onData);
    socket.off("close", stop);
    socket.off("end", giveUp);
    socket.off("error", giveUp);
  };
  const settle = (isHttp2: boolean) => {
    stop();
    socket.pause();
    socket.unshift(head);
    decide(isHttp2);
    if (!isHttp2) {
      socket.resume();
    }
  };
  const onData = (chunk: Buffer) => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, preface.length);
    if (preface.compare(head, 0, length, 0, length) !== 0) {
      settle(false);
    } else if (length === preface.length) {
      settle(true);
    }
  };
  // What will not say any more which HTTP it speaks is no request.
  const giveUp = () => socket.destroy();
  socket.on("data", onData);
  socket.on("close", stop);
  socket.on("end", giveUp);
  socket.on("error", giveUp);
}
