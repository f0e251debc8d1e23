import { startServer } from "../../src/server/server.ts";
import { reportToParent } from "./report.ts";

// The server as `mdps serve` runs it: verified token, validation, durable store.
const [dataDirectory = ""] = process.argv.slice(2);
const server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory });
reportToParent(server.url);
