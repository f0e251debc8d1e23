import { openSync } from "node:fs";
import { startServer } from "../../src/server/server.ts";
import { createLogOutput } from "../../src/server/telemetry/log-output.ts";
import { reportToParent } from "./report.ts";

// The server as `mdps serve --admin` runs it: verified token, validation, durable store, one log line and metrics.
const [dataDirectory = ""] = process.argv.slice(2);
const admin = { host: "127.0.0.1", port: 0 };
const log = { level: "info", destination: createLogOutput(openSync("/dev/null", "w")) } as const;
const server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory, admin, log });
reportToParent(server.url);
