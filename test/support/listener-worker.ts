import { listen } from "../../src/server/connections/listener.ts";
import { defaultLimits } from "../../src/server/limits/server-limits.ts";

// A worker of node:cluster that answers with its process id, and stops on any message.
const listener = await listen(
  { host: "127.0.0.1", port: 0, limits: { ...defaultLimits, maxConnections: 2 } },
  (_, response) => response.end(String(process.pid)),
);
process.send?.(listener.url);
process.once("message", async () => {
  await listener.close(60_000);
  process.disconnect();
});
