import { listen } from "../../src/server/connections/listener.ts";
import { defaultLimits } from "../../src/server/limits/server-limits.ts";

// A worker of node:cluster that answers with its process id. Told "connections", it says how many it has open; told
// "stop", it stops.
const listener = await listen(
  { host: "127.0.0.1", port: 0, limits: { ...defaultLimits, maxConnections: 2 } },
  (_, response) => response.end(String(process.pid)),
);
process.on("message", async (message) => {
  if (message === "connections") {
    process.send?.(listener.connections());
    return;
  }
  await listener.close(60_000);
  process.disconnect();
});
process.send?.(listener.url);
