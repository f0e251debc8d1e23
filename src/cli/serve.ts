import type { Command } from "commander";
import { startServer } from "../server/server.ts";
import { newCommand } from "./new-command.ts";
import { parseAsn } from "./parse-options.ts";
import { jsonOption, print } from "./print.ts";
import { makeQuickStart, quickStartText } from "./quick-start.ts";
import { readConfigOf } from "./read-config.ts";
import { effectiveServer } from "./server-options.ts";
import { readIntrospectionSecret, readTls } from "./server-secrets.ts";
import { addSettingOptions } from "./setting-options.ts";

type ServeOptions = { quickStart?: number; json?: true };

/** `mdps serve`: runs the server until SIGTERM or SIGINT. */
export function serveCommand(): Command {
  return addSettingOptions(newCommand("serve"))
    .description("run the server: Connect, gRPC, gRPC-Web and REST on one port")
    .option("--quick-start <asn>", "print a token for this operator and a line for curl", parseAsn)
    .option(jsonOption[0], "print where the server listens as one line of JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mdps serve\n  mdps serve --port 0 --data /var/lib/mdps\n  mdps serve --config mdps.yaml --set limits.maxInFlight=100",
    )
    .action(serve);
}

async function serve({ quickStart: asn, json }: ServeOptions, command: Command): Promise<void> {
  const resolved = await readConfigOf(command);
  const { limits, store, dataDirectory: data, ...effective } = effectiveServer(resolved.config);
  const server = await startServer({
    host: effective.host,
    port: effective.port,
    tls: await readTls(resolved),
    allowCleartext: effective.allowCleartext,
    dataDirectory: data,
    store,
    cacheBytes: effective.cacheBytes,
    auth: effective.auth,
    introspectionSecret: await readIntrospectionSecret(resolved),
    allowOrigins: effective.allowOrigins,
    clockSkewMs: effective.clockSkewMs,
    reflection: effective.reflection,
    maxRequestBytes: limits.maxRequestBytes,
    graceMs: effective.graceMs,
  });
  const stop = async () => {
    await server.close();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const { url } = server;
  const quickStart = asn === undefined ? undefined : await makeQuickStart(url, data, asn);
  const words = `mdps listens on ${url}, with its data in ${data}`;
  print(
    json,
    { url, data, ...(quickStart && { quickStart }) },
    quickStart === undefined ? words : `${words}\n${quickStartText(quickStart)}`,
  );
}
