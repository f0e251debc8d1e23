import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

it("closes a connection on which something malformed follows a request, after the answer to that, even if it has begun", async () => {
  await using listener = await startTestListener(
    {},
    {
      onRequest: (_, answer) => {
        const response = answer as ServerResponse;
        // The header has left, and cannot say any more that the connection is to be closed.
        response.writeHead(200, { "content-length": 6 });
        response.write("ans");
        setTimeout(() => response.end("wer"), 50);
      },
    },
  );
  const socket = await openSocket(listener.port);
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await socket.received(/ans$/);
  socket.write("this is no HTTP\r\n\r\n");
  expect(await socket.closed()).toMatch(/answer$/);
});
