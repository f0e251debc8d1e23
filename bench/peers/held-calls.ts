import { createWriteStream } from "node:fs";
import { startServer } from "../../src/server/server.ts";
import type { ServerExtension } from "../../src/server/server-extension.ts";
import { reportToParent } from "./report.ts";

// The server of `mdps-server.ts`, which never answers creates for the user key of the second argument, so that their calls
// stay in flight once they have been admitted and read.
const [dataDirectory = "", heldUserKey] = process.argv.slice(2);
let held = 0;
const extension: ServerExtension = {
  connect: () => ({
    services: [],
    received: () => undefined,
    read: () => undefined,
    around: (_, call) => (request, context) => {
      if ("userKey" in request && request.userKey === heldUserKey) {
        held++;
        return new Promise(() => undefined);
      }
      return call(request, context);
    },
    ended: () => undefined,
  }),
};
const admin = { host: "127.0.0.1", port: 0 };
const log = { level: "info", destination: createWriteStream("/dev/null") } as const;
const server = await startServer({ host: "127.0.0.1", port: 0, dataDirectory, admin, log, extension });
reportToParent(server.url, () => held);
