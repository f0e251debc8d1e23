import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { openSocket } from "../../support/http/raw-socket.ts";
import { startTestListener } from "../../support/test-listener.ts";

it("malformed bytes after a request end the connection after the response, even if that has begun", async () => {
  const begun = Promise.withResolvers<ServerResponse>();
  await using listener = await startTestListener(
    {},
    {
      onRequest: (_, answer) => {
        const response = answer as ServerResponse;
        // Once the header is sent, it can no longer announce that the connection closes.
        response.writeHead(200, { "content-length": 6 });
        response.write("ans");
        begun.resolve(response);
      },
    },
  );
  const socket = await openSocket(listener.port);
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await socket.received(/ans$/);
  socket.write("this is no HTTP\r\n\r\n");
  await expect.poll(() => listener.rejected).toEqual(["protocol"]);
  (await begun.promise).end("wer");
  expect(await socket.closed()).toMatch(/answer$/);
});
