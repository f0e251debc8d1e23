import type { Socket } from "node:net";

/** RFC 9113 3.4: the first bytes of every HTTP/2 client. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Calls back with whether a connection begins as HTTP/2, leaving all its bytes to be read; not if it ends first. */
export function sniff(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let head: Buffer = Buffer.alloc(0);
  function stop(): void {
    socket.off("data", onData);
    socket.off("close", stop);
    socket.off("end", giveUp);
    socket.off("error", giveUp);
  }

  function settle(isHttp2: boolean): void {
    stop();
    socket.pause();
    socket.unshift(head);
    decide(isHttp2);
    if (!isHttp2) {
      socket.resume();
    }
  }

  function onData(chunk: Buffer): void {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const length = Math.min(head.length, preface.length);
    if (preface.compare(head, 0, length, 0, length) !== 0) {
      settle(false);
    } else if (length === preface.length) {
      settle(true);
    }
  }

  // A connection that ends before its protocol is known has no request.
  function giveUp(): void {
    socket.destroy();
  }

  socket.on("data", onData);
  socket.on("close", stop);
  socket.on("end", giveUp);
  socket.on("error", giveUp);
}
