import { createWriteStream } from "node:fs";
import { startEmulator } from "../../src/emulator/start-emulator.ts";
import { reportToParent } from "./report.ts";

// The emulator as `mdps-server.ts` runs the server: same token, store, log and metrics. Its hooks are what differs.
const [dataDirectory = "", store = `sqlite:${dataDirectory}`] = process.argv.slice(2);
const admin = { host: "127.0.0.1", port: 0 };
const log = { level: "info", destination: createWriteStream("/dev/null") } as const;
const emulator = await startEmulator({ host: "127.0.0.1", port: 0, dataDirectory, store, admin, log });
reportToParent(emulator.url);
